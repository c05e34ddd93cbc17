import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Webhook } from '../api/types.ts'
import { Act, useAct } from '../parts/act.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Copy, Id } from '../parts/copy.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count, duration } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export function WebhookSettings({ webhook }: { webhook: Webhook }) {
  const rows = w.webhook.settingsRows
  const facts: Array<[string, React.ReactNode]> = [
    [rows.id, <Id key="id" id={webhook.id} />],
    [rows.url, <code key="url">{webhook.url}</code>],
    [rows.events, webhook.events.join(', ')],
    [
      rows.conditions,
      webhook.conditions === null ? w.webhook.none : <code key="conditions">{JSON.stringify(webhook.conditions)}</code>,
    ],
    [rows.retry, w.webhook.schedule(webhook.retry.maxAttempts, webhook.retry.delays)],
    [rows.timeout, duration(webhook.timeoutMs)],
    [rows.inFlight, count(webhook.maxInFlight)],
    [rows.ordering, webhook.ordering],
    [rows.profiles, webhook.signatureProfiles.join(', ')],
    [rows.format, webhook.wireFormat],
    [rows.headers, webhook.headerNames.length === 0 ? w.webhook.none : webhook.headerNames.join(', ')],
    [rows.created, <Time key="created" at={webhook.createdAt} absolute />],
    [rows.changed, <Time key="changed" at={webhook.updatedAt} absolute />],
  ]
  return (
    <section className="card stack">
      <h2>{w.webhook.settings}</h2>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Secret webhook={webhook} />
    </section>
  )
}

function Secret({ webhook }: { webhook: Webhook }) {
  const session = useSession()
  const navigate = useNavigate()
  const [isRemoving, setRemoving] = useState(false)
  const rotate = useAct(() =>
    call<Webhook & { secret: string }>('POST', `/webhooks/${webhook.id}/rotate`, { body: {} }),
  )
  if (!mayChange(session, 'webhooks:manage')) return null
  const until = rotate.data?.previousSecretExpiresAt ?? webhook.previousSecretExpiresAt
  return (
    <div className="stack tight">
      <div className="row">
        <Act act={rotate}>{w.webhook.rotate}</Act>
        <span className="quiet">{w.webhook.rotateHelp}</span>
      </div>
      {rotate.data !== undefined && (
        <div className="row" role="status">
          {w.webhook.rotated} <code>{rotate.data.secret}</code> <Copy text={rotate.data.secret} />
        </div>
      )}
      {until !== null && (
        <p>
          {w.webhook.overlap} <Time at={until} absolute />
        </p>
      )}
      <div>
        <button type="button" className="button grave" onClick={() => setRemoving(true)}>
          {w.webhook.remove}
        </button>
      </div>
      {isRemoving && (
        <Confirm
          title={w.webhook.remove}
          help={w.webhook.removeHelp}
          name={webhook.name ?? webhook.url}
          act={w.webhook.remove}
          work={() => call('DELETE', `/webhooks/${webhook.id}`)}
          onDone={() => void navigate({ to: '/webhooks' })}
          onClose={() => setRemoving(false)}
        />
      )}
    </div>
  )
}
