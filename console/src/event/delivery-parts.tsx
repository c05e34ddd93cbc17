/** One delivery: facts, its attempts as a waterfall, the request and the answer of one of them. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Attempt, Delivery, DeliveryInFull } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Copy } from '../parts/copy.tsx'
import { DeliveryMark, Mark } from '../parts/mark.tsx'
import { Headers, TextBox } from '../parts/text.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { w } from '../words/words.ts'

export function DeliveryFacts({ delivery }: { delivery: Delivery }) {
  const { reason } = delivery
  return (
    <dl>
      <dt>{w.delivery.status}</dt>
      <dd>
        <DeliveryMark status={delivery.status} />
        {reason !== null && <span className="quiet"> {w.reasons[reason] ?? reason}</span>}
      </dd>
      <dt>{w.delivery.event}</dt>
      <dd>
        <Link to="/events/$id" params={{ id: delivery.eventId }}>
          {w.delivery.sequence(delivery.eventType, delivery.sequence)}
        </Link>
      </dd>
      <dt>{w.delivery.attempts}</dt>
      <dd>{w.delivery.attemptOf(delivery.attempts, delivery.maxAttempts)}</dd>
      {delivery.nextAttemptAt !== null && (
        <>
          <dt>{w.delivery.next}</dt>
          <dd>
            <Time at={delivery.nextAttemptAt} />
          </dd>
        </>
      )}
      <dt>{w.delivery.trigger}</dt>
      <dd>{w.delivery.triggers[delivery.trigger] ?? delivery.trigger}</dd>
      <dt>{w.delivery.when}</dt>
      <dd>
        <Time at={delivery.createdAt} absolute />
      </dd>
    </dl>
  )
}

/** Attempts above, and below them what one of them sent and got. The newest is chosen first. */
export function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const made = attempts.filter(each => each.attemptId !== null)
  const [chosenId, setChosen] = useState<string | null>()
  const chosen = made.find(each => each.attemptId === chosenId) ?? made.at(-1)
  if (chosen === undefined) return <p className="quiet">{w.delivery.emptyAttempts}</p>
  const longest = Math.max(1, ...made.map(each => each.durationMs ?? 0))
  return (
    <div className="stack">
      <ol className="results waterfall" aria-label={w.delivery.waterfall}>
        {made.map((attempt, index) => (
          <li key={attempt.attemptId} data-chosen={attempt === chosen || undefined}>
            <button type="button" aria-pressed={attempt === chosen} onClick={() => setChosen(attempt.attemptId)}>
              <AttemptLine attempt={attempt} before={made[index - 1]} longest={longest} />
            </button>
          </li>
        ))}
      </ol>
      <Exchange attempt={chosen} />
    </div>
  )
}

function AttemptLine({ attempt, before, longest }: { attempt: Attempt; before: Attempt | undefined; longest: number }) {
  const failed = attempt.errorKind !== null
  const sinceMs = before === undefined ? undefined : Date.parse(attempt.startedAt) - Date.parse(before.startedAt)
  return (
    <span className="stack tight" style={{ width: '100%' }}>
      <span className="row">
        <Mark tone={failed ? 'bad' : 'good'}>
          {failed
            ? w.errorName(attempt.errorKind, attempt.responseStatus)
            : w.delivery.answered(attempt.responseStatus ?? 0, attempt.durationMs)}
        </Mark>
        <span className="quiet">{w.delivery.attempt(attempt.number)}</span>
        {sinceMs !== undefined && <span className="quiet">{w.delivery.waited(sinceMs)}</span>}
      </span>
      <Bar attempt={attempt} longest={longest} />
    </span>
  )
}

/** Cut into name, connecting, TLS, waiting for the first byte, and reading. The text below has the numbers. */
function Bar({ attempt, longest }: { attempt: Attempt; longest: number }) {
  const total = attempt.durationMs ?? 0
  const connect = attempt.connectMs ?? 0
  const dns = Math.min(connect, attempt.dnsMs ?? 0)
  const tls = Math.min(connect - dns, attempt.tlsMs ?? 0)
  const firstByte = Math.max(connect, attempt.firstByteMs ?? total)
  const width = (ms: number) => ({ width: `${Math.max(ms > 0 ? 0.5 : 0, (ms / longest) * 100)}%` })
  return (
    <span className="waterfall-bar" aria-hidden="true">
      <i className="dns" style={width(dns)} />
      <i className="connect" style={width(connect - dns - tls)} />
      <i className="tls" style={width(tls)} />
      <i className="wait" style={width(firstByte - connect)} />
      <i className="body" style={width(total - firstByte)} />
    </span>
  )
}

const timingOf = ({ queuedMs, dnsMs, connectMs, tlsMs, firstByteMs, durationMs, remoteAddress }: Attempt) => ({
  ...{ queued: queuedMs ?? null, dns: dnsMs ?? null, connect: connectMs, tls: tlsMs ?? null },
  ...{ firstByte: firstByteMs, total: durationMs ?? 0, address: remoteAddress ?? null },
})

function Exchange({ attempt }: { attempt: Attempt }) {
  const { requestHeaders, responseHeaders, responseBody, responseStatus } = attempt
  return (
    <div className="stack tight">
      <h3>{w.delivery.request}</h3>
      <p className="mono">POST {attempt.url}</p>
      <p className="quiet">
        {w.delivery.timing(timingOf(attempt))} · <Time at={attempt.startedAt} absolute />
      </p>
      {attempt.withheld === true ? (
        <p className="quiet">{w.withheld}</p>
      ) : (
        requestHeaders !== undefined && <Headers headers={requestHeaders} label={w.delivery.requestHeaders} />
      )}
      <h3>{w.delivery.answerTitle}</h3>
      {attempt.error !== null && <p>{attempt.error}</p>}
      {responseStatus === null ? (
        <p className="quiet">{w.delivery.noAnswer}</p>
      ) : (
        <>
          <p className="mono">{responseStatus}</p>
          {responseHeaders !== undefined && <Headers headers={responseHeaders} label={w.delivery.answerHeaders} />}
          {responseBody === undefined || responseBody === null || responseBody === '' ? (
            <p className="quiet">{attempt.withheld === true ? w.withheld : w.delivery.noBody}</p>
          ) : (
            <TextBox text={responseBody} label={w.delivery.answerBody} />
          )}
        </>
      )}
    </div>
  )
}

const RETRIED = new Set(['failed', 'success', 'skipped', 'cancelled'])

/** What can be done with a delivery. */
export function DeliveryActs({ delivery, onDone }: { delivery: Delivery; onDone?: () => void }) {
  const session = useSession()
  const retry = useAct(() => call('POST', `/webhooks/deliveries/${delivery.id}/retry`, { body: {} }), onDone)
  const cancel = useAct(() => call('POST', `/webhooks/deliveries/${delivery.id}/cancel`), onDone)
  if (!mayChange(session, 'webhooks:manage') || delivery.trigger === 'test') return null
  const waits = delivery.status === 'pending' || delivery.status === 'retrying'
  return (
    <div className="row">
      {(RETRIED.has(delivery.status) || delivery.status === 'retrying') && (
        <Act act={retry} look="main-act">
          {w.delivery.retry}
        </Act>
      )}
      {waits && <Act act={cancel}>{w.delivery.cancel}</Act>}
    </div>
  )
}

export function curlOf({ url, requestHeaders = {} }: Attempt): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const headers = Object.entries(requestHeaders).map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`)
  return [`curl -X POST ${quoted(url)}`, ...headers].join(' \\\n')
}

export function CopyCurl({ delivery }: { delivery: DeliveryInFull }) {
  const last = delivery.history.filter(each => each.attemptId !== null).at(-1)
  return last === undefined ? null : <Copy text={curlOf(last)} label={w.acts.copyCurl} />
}
