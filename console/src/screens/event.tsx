import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ApiError, call } from '../api/call.ts'
import type { Delivery, EventInFull, Webhook } from '../api/types.ts'
import { Picture } from '../event/picture.tsx'
import { Id } from '../parts/copy.tsx'
import { Rows } from '../parts/list.tsx'
import { EmitMark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { TextBox } from '../parts/text.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'
import { EnvelopeFacts } from './envelope-facts.tsx'
import { deliveryColumns } from './webhook-deliveries.tsx'

/** The history is a second or two behind an emit. */
const RECORDED_WITHIN_MS = 15_000
const POLL_MS = 1_000

export function Screen() {
  const { id } = useParams({ from: '/events/$id' })
  const query = useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) =>
      call<EventInFull>('GET', `/events/${encodeURIComponent(id)}`, { asText: ['payload'], signal }),
    refetchInterval: ({ state }) => {
      const status = state.data?.emit.status
      const isMissing = state.error instanceof ApiError && state.error.status === 404
      if (isMissing) return Date.now() - openedAt(id) < RECORDED_WITHIN_MS ? POLL_MS : false
      return status === 'RELAYED' || status === 'REQUESTED' ? 3 * POLL_MS : false
    },
  })
  const { data, error, refetch } = query
  if (data !== undefined) return <EventPage event={data} />
  const isNew = error instanceof ApiError && error.status === 404 && Date.now() - openedAt(id) < RECORDED_WITHIN_MS
  return (
    <Page title={w.event.rows.id}>
      {isNew && <p role="status">{w.event.recording}</p>}
      {error === null || isNew ? (
        <Loading />
      ) : (
        <Failed error={error} again={() => void refetch()} scope="events:read" />
      )}
    </Page>
  )
}

const opened = new Map<string, number>()

/** When this tab first opened the page. */
function openedAt(id: string): number {
  const at = opened.get(id) ?? Date.now()
  opened.set(id, at)
  return at
}

function EventPage({ event }: { event: EventInFull }) {
  const session = useSession()
  const { emit, payload } = event
  const { data: webhooks } = useQuery({
    queryKey: ['webhook-names'],
    queryFn: ({ signal }) => call<Webhook[]>('GET', '/webhooks', { query: { limit: 100 }, signal }),
    staleTime: 60_000,
    enabled: event.deliveries.length > 0 || (emit.webhooks?.length ?? 0) > 0,
  })
  const names = new Map((webhooks ?? []).map(({ id, name, url }) => [id, name ?? url]))
  const name = emit.name ?? emit.canonicalName ?? emit.emitId
  const skipped = emit.webhooks?.filter(each => each.skipped !== null) ?? []
  return (
    <Page
      title={w.event.title(name, emit.sequence)}
      beside={<EmitMark status={emit.status} pill />}
      acts={
        mayChange(session, 'events:emit') &&
        payload !== undefined && (
          <Link to="/emit" search={{ name, from: event.id }} className="button">
            {w.event.emitLike}
          </Link>
        )
      }
    >
      <div className="stack">
        <Id id={event.id} />
        <section className="card">
          <h2>{w.event.picture}</h2>
          <Picture event={event} names={names} />
          {event.deliveries.length === 0 && <p className="quiet">{w.event.noSubscriber}</p>}
          {skipped.length > 0 && (
            <>
              <h3>{w.event.notSent}</h3>
              <ul>
                {skipped.map(({ webhookId, skipped: reason }) => (
                  <li key={webhookId}>
                    {w.event.skipped(
                      names.get(webhookId) ?? webhookId,
                      w.event.skippedWords[reason ?? ''] ?? reason ?? '',
                    )}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
        <div className="split">
          <section className="card">
            <h2>{w.event.payload}</h2>
            {payload === undefined ? (
              <p className="quiet">{w.withheld}</p>
            ) : (
              <TextBox text={payload.text} label={w.event.payload} json />
            )}
          </section>
          <section className="card">
            <h2>{w.event.envelope}</h2>
            <EnvelopeFacts emit={emit} />
          </section>
        </div>
        {event.deliveries.length > 0 && <Deliveries deliveries={event.deliveries} names={names} />}
      </div>
    </Page>
  )
}

function Deliveries({ deliveries, names }: { deliveries: readonly Delivery[]; names: ReadonlyMap<string, string> }) {
  const [, ...rest] = deliveryColumns()
  return (
    <section className="card">
      <h2>{w.event.deliveries}</h2>
      <Rows
        label={w.event.deliveries}
        rows={deliveries}
        idOf={each => each.id}
        columns={[
          {
            name: w.delivery.webhook,
            kind: 'grow',
            show: ({ id, webhookId }) => (
              <Link to="/deliveries/$id" params={{ id }}>
                {names.get(webhookId) ?? webhookId}
              </Link>
            ),
          },
          ...rest,
        ]}
      />
    </section>
  )
}
