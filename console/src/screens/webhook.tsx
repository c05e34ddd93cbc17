import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Delivery, Webhook, WebhookStats } from '../api/types.ts'
import { filterOfKey, firstTrouble, groupKey } from '../event/groups.ts'
import { useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { type Range, useRange } from '../parts/range.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'
import { Again, type AgainKind } from './again.tsx'
import { DeliveryPanel } from './delivery-panel.tsx'
import { WebhookBanner } from './webhook-banner.tsx'
import { WebhookDeliveries } from './webhook-deliveries.tsx'
import { ErrorGroups } from './webhook-errors.tsx'
import { WebhookFigures } from './webhook-figures.tsx'
import { WebhookSettings } from './webhook-settings.tsx'
import { HealthMark } from './webhooks.tsx'

export const webhookQuery = (id: string) => ({
  queryKey: ['webhook', id],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call<Webhook>('GET', `/webhooks/${encodeURIComponent(id)}`, { signal }),
})

const INTERVALS: Record<Range, 'minute' | 'hour' | 'day'> = {
  '1h': 'minute',
  '24h': 'hour',
  '7d': 'hour',
  '30d': 'day',
}

const statsQuery = (id: string, from: string, range: Range) => ({
  queryKey: ['webhook-stats', id, from, range],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call<WebhookStats>('GET', `/webhooks/${encodeURIComponent(id)}/stats`, {
      query: { from, interval: INTERVALS[range] },
      signal,
    }),
})

export function Screen() {
  const { id } = useParams({ from: '/webhooks/$id' })
  const { data, error, refetch } = useQuery(webhookQuery(id))
  if (data === undefined)
    return (
      <Page title={w.webhooks.title}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="webhooks:read" />}
      </Page>
    )
  return <WebhookPage webhook={data} />
}

function WebhookPage({ webhook }: { webhook: Webhook }) {
  const search = useSearch({ from: '/webhooks/$id' })
  const navigate = useNavigate({ from: '/webhooks/$id' })
  const { from, range } = useRange()
  const [again, setAgain] = useState<AgainKind>()
  const { data: stats, error: statsError } = useQuery(statsQuery(webhook.id, from, range))
  const list = useList<Delivery>('/webhooks/deliveries', {
    ...{ webhookId: webhook.id, from, status: search.status, type: search.type },
    ...(search.error !== undefined && filterOfKey(search.error)),
  })
  const choose = (delivery: string | undefined) =>
    void navigate({ search: prev => ({ ...prev, delivery }), resetScroll: false })
  return (
    <Page
      title={webhook.name ?? webhook.url}
      beside={
        <>
          <HealthMark webhook={webhook} pill />
          <span className="mono quiet">{webhook.url}</span>
        </>
      }
    >
      <div className="stack">
        <WebhookBanner
          webhook={webhook}
          since={firstTrouble(list.rows, webhook.failingSince)}
          failed={(stats?.buckets ?? []).reduce((sum, each) => sum + each.failed, 0)}
          onAgain={setAgain}
        />
        <div className={search.delivery === undefined ? 'stack' : 'split'}>
          <div className="stack">
            <WebhookFigures stats={stats} />
            <ErrorGroups
              groups={stats?.errors ?? []}
              others={stats?.otherErrors ?? 0}
              isLoading={stats === undefined && statsError === null}
              error={statsError}
              chosen={search.error}
              onChoose={group => {
                const key = group === undefined ? undefined : groupKey(group)
                void navigate({
                  search: prev => ({ ...prev, error: key, delivery: group?.sampleDeliveryId }),
                  resetScroll: false,
                })
              }}
            />
            <WebhookDeliveries
              list={list}
              search={search}
              onFilter={change => void navigate({ search: prev => ({ ...prev, ...change }), resetScroll: false })}
              onOpen={({ id }) => choose(id)}
            />
          </div>
          {search.delivery !== undefined && <DeliveryPanel id={search.delivery} onClose={() => choose(undefined)} />}
        </div>
        <WebhookSettings webhook={webhook} />
      </div>
      {again !== undefined && <Again webhook={webhook} {...again} onClose={() => setAgain(undefined)} />}
    </Page>
  )
}
