/** What an inspector got, newest first; it is asked for every second while the page is open. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { InspectorRequest } from '../api/look-types.ts'
import { Mark } from '../parts/mark.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { Headers, TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { w } from '../words/words.ts'

const POLL_MS = 1_000

const TONES = { valid: 'good', invalid: 'bad', none: 'calm' } as const

export function useReceived(inspectorId: string) {
  return useQuery({
    queryKey: ['inspector', inspectorId, 'requests'],
    queryFn: ({ signal }) => call<InspectorRequest[]>('GET', `/inspectors/${inspectorId}/requests`, { signal }),
    refetchInterval: POLL_MS,
  })
}

export function Received({ inspectorId, empty }: { inspectorId: string; empty: string }) {
  const { data, error, refetch } = useReceived(inspectorId)
  if (data === undefined)
    return error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="webhooks:read" />
  if (data.length === 0) return <p role="status">{empty}</p>
  return (
    <div className="stack tight" role="log" aria-label={w.inspectors.requests}>
      {data.map((request, index) => (
        <Request key={request.id} request={request} isOpen={index === 0} />
      ))}
    </div>
  )
}

function Request({ request, isOpen }: { request: InspectorRequest; isOpen: boolean }) {
  const { method, receivedAt, signature, headers, body, deliveryId, truncated } = request
  const attempt = headers['x-delivery-attempt'] ?? ''
  return (
    <details open={isOpen}>
      <summary>
        <span className="row">
          <strong>{method}</strong>
          <Mark tone={TONES[signature]}>{w.inspectors.signatures[signature]}</Mark>
          {attempt !== '' && <span>{w.inspectors.attempt(attempt)}</span>}
          <span className="quiet">
            <Time at={receivedAt} />
          </span>
        </span>
      </summary>
      <div className="stack tight">
        {body === undefined ? (
          <p className="quiet">{w.withheld}</p>
        ) : (
          <>
            <Headers headers={headers} label={w.inspectors.headers} />
            <TextBox text={body} label={w.inspectors.payload} json />
            {truncated && <p className="quiet">{w.inspectors.truncated}</p>}
          </>
        )}
        {deliveryId !== null && (
          <Link to="/deliveries/$id" params={{ id: deliveryId }}>
            {w.inspectors.delivery}
          </Link>
        )}
      </div>
    </details>
  )
}
