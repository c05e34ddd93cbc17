/** A sentence for each webhook that did not get an event, by the platform: recorded, or worked out from now's settings. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Why, WhyOutcome } from '../api/look-types.ts'
import { Mark, type Tone } from '../parts/mark.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'

const TONES: Record<WhyOutcome, Tone> = {
  delivered: 'good',
  pending: 'calm',
  held: 'warn',
  paused: 'calm',
  failed: 'bad',
  cancelled: 'calm',
  skipped: 'calm',
  not_matched: 'calm',
}

export function WhyNot({ eventId }: { eventId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['why', eventId],
    queryFn: ({ signal }) => call<{ webhooks: Why[] }>('GET', `/events/${encodeURIComponent(eventId)}/why`, { signal }),
  })
  return (
    <section className="card">
      <h2>{w.event.why}</h2>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="events:read" />
        )
      ) : (
        <Sentences all={data.webhooks.filter(({ outcome }) => outcome !== 'delivered')} count={data.webhooks.length} />
      )}
    </section>
  )
}

function Sentences({ all, count }: { all: readonly Why[]; count: number }) {
  if (all.length === 0) return <p className="quiet">{count === 0 ? w.event.noWebhook : w.event.allGotIt}</p>
  return (
    <ul className="lines">
      {all.map(({ webhookId, name, outcome, sentence, basis }) => (
        <li key={webhookId} className="row">
          <Mark tone={TONES[outcome]}>{w.event.outcomes[outcome]}</Mark>
          <Link to="/webhooks/$id" params={{ id: webhookId }}>
            {name ?? webhookId}
          </Link>
          <span>{sentence}</span>
          <span className="quiet">{w.event.whyBasis[basis]}</span>
        </li>
      ))}
    </ul>
  )
}
