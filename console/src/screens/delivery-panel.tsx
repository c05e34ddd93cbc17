import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Attempts, DeliveryActs, DeliveryFacts } from '../event/delivery-parts.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { w } from '../words/words.ts'
import { deliveryQuery } from './delivery.tsx'

/** A delivery beside its list. */
export function DeliveryPanel({ id, onClose }: { id: string; onClose(): void }) {
  const { data, error, refetch } = useQuery(deliveryQuery(id))
  return (
    <section className="card stack" aria-label={w.delivery.panel}>
      <div className="row">
        <h2>{w.delivery.panel}</h2>
        <Link to="/deliveries/$id" params={{ id }}>
          {w.delivery.full}
        </Link>
        <button type="button" className="button small" style={{ marginInlineStart: 'auto' }} onClick={onClose}>
          {w.delivery.close}
        </button>
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="webhooks:read" />
        )
      ) : (
        <>
          <DeliveryFacts delivery={data} />
          <DeliveryActs delivery={data} />
          <Attempts key={id} attempts={data.history} />
        </>
      )}
    </section>
  )
}
