import { Link } from '@tanstack/react-router'
import type { Delivery } from '../api/types.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, type Listed } from '../parts/list.tsx'
import { DeliveryMark } from '../parts/mark.tsx'
import { Time } from '../parts/time.tsx'
import { w } from '../words/words.ts'

/** `to`: a delivery opens beside the list, or on its own page. */
export const deliveryColumns = (onOpen?: (delivery: Delivery) => void): ReadonlyArray<Column<Delivery>> => [
  {
    name: w.delivery.event,
    kind: 'grow',
    show: delivery =>
      onOpen === undefined ? (
        <Link to="/deliveries/$id" params={{ id: delivery.id }}>
          {w.delivery.sequence(delivery.eventType, delivery.sequence)}
        </Link>
      ) : (
        <button type="button" className="button bare small" onClick={() => onOpen(delivery)}>
          {w.delivery.sequence(delivery.eventType, delivery.sequence)}
        </button>
      ),
  },
  { name: w.delivery.status, show: ({ status }) => <DeliveryMark status={status} /> },
  {
    name: w.delivery.answer,
    wide: true,
    show: ({ lastErrorKind, responseStatus, responseTimeMs }) =>
      lastErrorKind !== null
        ? w.errorName(lastErrorKind, responseStatus)
        : responseStatus === null
          ? w.unknown
          : w.delivery.answered(responseStatus, responseTimeMs),
  },
  {
    name: w.delivery.attempts,
    kind: 'num',
    wide: true,
    show: ({ attempts, maxAttempts }) => w.delivery.attemptOf(attempts, maxAttempts),
  },
  { name: w.delivery.when, show: ({ createdAt }) => <Time at={createdAt} /> },
]

export function WebhookDeliveries({
  list,
  search,
  onFilter,
  onOpen,
}: {
  list: Listed<Delivery>
  search: Partial<Record<'status' | 'type' | 'delivery' | 'error', string | undefined>>
  onFilter(change: Record<string, string | undefined>): void
  onOpen(delivery: Delivery): void
}) {
  return (
    <section className="card">
      <h2>{w.webhook.deliveries}</h2>
      <Filters
        filters={[
          { name: 'status', label: w.delivery.status, options: Object.entries(w.deliveryStatus) },
          { name: 'type', label: w.delivery.type, placeholder: w.log.namePlaceholder },
        ]}
        values={search}
        onChange={onFilter}
      />
      <List
        label={w.delivery.label}
        list={list}
        columns={deliveryColumns(onOpen)}
        idOf={each => each.id}
        onOpen={onOpen}
        selectedId={search.delivery}
        empty={<p>{w.delivery.empty}</p>}
        filtered={[search.status, search.type, search.error].some(each => each !== undefined)}
        onClear={() => onFilter({ status: undefined, type: undefined, error: undefined })}
        scope="webhooks:read"
      />
    </section>
  )
}
