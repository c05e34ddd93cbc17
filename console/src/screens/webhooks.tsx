import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Webhook } from '../api/types.ts'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count, percent } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { NewWebhook } from './new-webhook.tsx'

export function HealthMark({ webhook, pill }: { webhook: Webhook; pill?: boolean }) {
  const look = pill === true ? { pill: true } : {}
  if (!webhook.active && webhook.health !== 'disabled')
    return (
      <Mark tone="calm" icon="–" {...look}>
        {w.webhooks.paused}
      </Mark>
    )
  const tone = webhook.health === 'healthy' ? 'good' : 'bad'
  return (
    <Mark tone={tone} {...look}>
      {w.webhooks.healthWords[webhook.health] ?? webhook.health}
    </Mark>
  )
}

const COLUMNS: ReadonlyArray<Column<Webhook>> = [
  {
    name: w.webhooks.name,
    show: webhook => (
      <Link to="/webhooks/$id" params={{ id: webhook.id }}>
        {webhook.name ?? webhook.url}
      </Link>
    ),
  },
  { name: w.webhooks.health, show: webhook => <HealthMark webhook={webhook} /> },
  { name: w.webhooks.url, kind: 'grow', wide: true, show: ({ url }) => <span className="mono">{url}</span> },
  {
    name: w.webhooks.success,
    kind: 'num',
    wide: true,
    show: ({ counters }) =>
      counters === null || counters.attempts === 0 ? w.unknown : percent(counters.succeeded / counters.attempts),
  },
  {
    name: w.webhooks.waiting,
    kind: 'num',
    show: ({ waiting }) => (waiting === null ? w.unknown : count(waiting.count)),
  },
  {
    name: w.webhooks.last,
    wide: true,
    show: ({ lastDeliveryAt }) =>
      lastDeliveryAt === null ? <span className="quiet">{w.webhooks.none}</span> : <Time at={lastDeliveryAt} />,
  },
]

export function Screen() {
  const navigate = useNavigate({ from: '/webhooks' })
  const session = useSession()
  const [isMaking, setMaking] = useState(false)
  const list = useList<Webhook>('/webhooks', {})
  return (
    <Page
      title={w.webhooks.title}
      acts={
        mayChange(session, 'webhooks:manage') && (
          <button type="button" className="button main-act" onClick={() => setMaking(true)}>
            {w.webhooks.add}
          </button>
        )
      }
    >
      <List
        label={w.webhooks.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        onOpen={each => void navigate({ to: '/webhooks/$id', params: { id: each.id } })}
        empty={<p>{w.webhooks.empty}</p>}
        scope="webhooks:read"
      />
      {isMaking && <NewWebhook onClose={() => setMaking(false)} />}
    </Page>
  )
}
