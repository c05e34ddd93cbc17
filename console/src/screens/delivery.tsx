import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { DeliveryInFull } from '../api/types.ts'
import { Attempts, CopyCurl, DeliveryActs, DeliveryFacts } from '../event/delivery-parts.tsx'
import { Id } from '../parts/copy.tsx'
import { DeliveryMark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'

const UNDER_WAY_MS = 2_000

export const deliveryQuery = (id: string) => ({
  queryKey: ['delivery', id],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    call<DeliveryInFull>('GET', `/webhooks/deliveries/${encodeURIComponent(id)}`, { signal }),
})

export function Screen() {
  const { id } = useParams({ from: '/deliveries/$id' })
  const { data, error, refetch } = useQuery({
    ...deliveryQuery(id),
    refetchInterval: ({ state }) => (state.data?.status === 'pending' ? UNDER_WAY_MS : false),
  })
  if (data === undefined)
    return (
      <Page title={w.delivery.panel}>
        {error === null ? <Loading /> : <Failed error={error} again={() => void refetch()} scope="webhooks:read" />}
      </Page>
    )
  return (
    <Page
      title={w.delivery.title(data.eventType)}
      beside={<DeliveryMark status={data.status} pill />}
      acts={
        <>
          <CopyCurl delivery={data} />
          <DeliveryActs delivery={data} />
        </>
      }
    >
      <div className="split">
        <section className="card">
          <h2>{w.delivery.waterfall}</h2>
          <Attempts attempts={data.history} />
        </section>
        <section className="card stack tight">
          <Id id={data.id} />
          <DeliveryFacts delivery={data} />
          {data.webhook !== null && (
            <p>
              {w.delivery.webhook}{' '}
              <Link to="/webhooks/$id" params={{ id: data.webhook.id }}>
                {data.webhook.name ?? data.webhook.url}
              </Link>
            </p>
          )}
        </section>
      </div>
    </Page>
  )
}
