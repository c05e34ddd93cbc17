import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Delivery, EventInFull, Webhook } from '../api/types.ts'
import { LineageGraph } from '../event/lineage-graph.tsx'
import { Picture } from '../event/picture.tsx'
import { useEvent } from '../event/use-event.ts'
import { WhyNot } from '../event/why-not.tsx'
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

export function Screen() {
  const { id } = useParams({ from: '/events/$id' })
  const { data, error, isNew, refetch } = useEvent(id)
  if (data !== undefined) return <EventPage event={data} />
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
        </section>
        <WhyNot eventId={event.id} />
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
        <Lineage eventId={event.id} />
        {event.deliveries.length > 0 && <Deliveries deliveries={event.deliveries} names={names} />}
      </div>
    </Page>
  )
}

/** A call of its own, for those who ask: most events have caused nothing. */
function Lineage({ eventId }: { eventId: string }) {
  const { lineage } = useSearch({ from: '/events/$id' })
  const navigate = useNavigate({ from: '/events/$id' })
  const isOpen = lineage === '1'
  return (
    <section className="card">
      <h2>{w.event.lineage}</h2>
      {isOpen ? (
        <LineageGraph eventId={eventId} />
      ) : (
        <button
          type="button"
          className="button"
          onClick={() => void navigate({ search: prev => ({ ...prev, lineage: '1' }), resetScroll: false })}
        >
          {w.event.showLineage}
        </button>
      )}
    </section>
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
