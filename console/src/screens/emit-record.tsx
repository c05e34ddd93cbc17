import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Emit } from '../api/types.ts'
import { Id } from '../parts/copy.tsx'
import { EmitMark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'
import { EnvelopeFacts } from './envelope-facts.tsx'

export function Screen() {
  const { id } = useParams({ from: '/emits/$id' })
  const { data, error, refetch } = useQuery({
    queryKey: ['emit', id],
    queryFn: ({ signal }) => call<Emit>('GET', `/events/custom/emits/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'REQUESTED' ? 1_000 : false),
  })
  if (data === undefined)
    return (
      <Page title={w.emitRecord.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="events:read" />}
      </Page>
    )
  return (
    <Page
      title={data.name ?? w.emitRecord.title}
      beside={<EmitMark status={data.status} pill />}
      acts={
        data.eventId !== null && (
          <Link to="/events/$id" params={{ id: data.eventId }} className="button">
            {w.emitRecord.openEvent}
          </Link>
        )
      }
    >
      <div className="stack">
        <Id id={data.emitId} />
        {data.code !== null && (
          <section className="banner bad">
            <strong>{w.emitRecord.rejected}</strong> {data.message}
            <div className="row quiet">
              <code>{data.code}</code>
            </div>
            {data.findings !== null && data.findings.length > 0 && (
              <ul>
                {data.findings.map(({ path, message }) => (
                  <li key={`${path} ${message}`}>
                    <code>{path}</code> {message}
                  </li>
                ))}
              </ul>
            )}
          </section>
        )}
        <section className="card">
          <h2>{w.event.envelope}</h2>
          <EnvelopeFacts emit={data} />
        </section>
      </div>
    </Page>
  )
}
