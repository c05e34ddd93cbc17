import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../api/call.ts'
import type { Delivery, Webhook } from '../api/types.ts'
import { firstTrouble, groupErrors, groupKey, isOfGroup } from '../event/groups.ts'
import { useList } from '../parts/list.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'
import { Again, type AgainKind } from './again.tsx'
import { DeliveryPanel } from './delivery-panel.tsx'
import { WebhookBanner } from './webhook-banner.tsx'
import { WebhookDeliveries } from './webhook-deliveries.tsx'
import { ErrorGroups } from './webhook-errors.tsx'
import { WebhookSettings } from './webhook-settings.tsx'
import { HealthMark } from './webhooks.tsx'

export const webhookQuery = (id: string) => ({
  queryKey: ['webhook', id],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call<Webhook>('GET', `/webhooks/${encodeURIComponent(id)}`, { signal }),
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
  const { from } = useRange()
  const [again, setAgain] = useState<AgainKind>()
  const list = useList<Delivery>(`/webhooks/${webhook.id}/deliveries`, {
    from,
    status: search.status,
    type: search.type,
  })
  const groups = groupErrors(list.rows)
  const rows = search.error === undefined ? list.rows : list.rows.filter(each => isOfGroup(each, search.error ?? ''))
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
          failed={groups.reduce((sum, each) => sum + each.count, 0)}
          onAgain={setAgain}
        />
        <div className={search.delivery === undefined ? 'stack' : 'split'}>
          <div className="stack">
            <ErrorGroups
              groups={groups}
              examined={list.rows.length}
              isLoading={list.isPending}
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
              list={{ ...list, rows }}
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
