/**
 * Orders: created → provisioning → provisioned, or failed. Provisioning takes its time and makes a resource for each
 * item; a resource changes its status until it is deleted.
 */
import {
  type Command,
  change,
  changed,
  type DomainEvent,
  findEntry,
  hasRoom,
  invalid,
  invalidTransition,
  newEntry,
  type Situation,
} from './change.ts'
import type { Entry, OrderItem, ResourceStatus } from './kinds.ts'

/** Of the time from order to resources, until provisioning begins. */
const WAITING_SHARE = 0.1
const KIND = 'server'

export const createOrder: Command = ({ body }, situation) => {
  const {
    customer_id,
    items,
    failNext = false,
  } = body as {
    customer_id: string
    items: OrderItem[]
    failNext?: boolean
  }
  if (failNext && situation.environment !== 'test')
    throw invalid('/failNext', 'environment', 'is for the test environment: leave it out, or use a test key')
  const dueAtMs = situation.nowMs + situation.timings.provisioningMs * WAITING_SHARE
  const entry = newEntry(
    'order',
    { customer_id, items, status: 'created', resources: [], error: null, failNext },
    situation,
    { dueAtMs },
  )
  const data = { order_id: entry.id, customer_id, items, status: 'created' }
  return change([entry], [{ type: 'order.created', data }], { status: 201 })
}

export function orderDue(entry: Entry<'order'>, situation: Situation) {
  const { status, failNext, items } = entry.fields
  if (status === 'provisioning' && failNext) return fail(entry, ASKED_FOR, situation)
  if (status === 'provisioning' && !hasRoom('resource', situation, items.length)) return fail(entry, FULL, situation)
  if (status === 'provisioning') return provide(entry, situation)
  const dueAtMs = situation.nowMs + situation.timings.provisioningMs * (1 - WAITING_SHARE)
  return change([changed(entry, { status: 'provisioning' }, situation, { dueAtMs })], [])
}

function provide(entry: Entry<'order'>, situation: Situation) {
  const { customer_id, items } = entry.fields
  const made = items.map(({ sku, quantity, kind = KIND }, at) =>
    newEntry(
      'resource',
      { order_id: entry.id, customer_id, sku, resource_kind: kind, quantity, status: 'active' },
      situation,
      { of: `/${at}` },
    ),
  )
  const resources = made.map(({ id, fields }) => ({ resource_id: id, kind: fields.resource_kind, status: 'active' }))
  const provisioned = changed(entry, { status: 'provisioned', resources }, situation, { hasEnded: true })
  const data = { order_id: entry.id, customer_id, resources }
  const events = made.map(resource => resourceEvent('resource.created', resource, null))
  return change([provisioned, ...made], [...events, { type: 'order.provisioned', data }])
}

const ASKED_FOR = 'Provisioning failed, as the order asked for with failNext.'
const FULL = 'The plan has no room for the resources of the order.'

function fail(entry: Entry<'order'>, error: string, situation: Situation) {
  const failed = changed(entry, { status: 'failed', error }, situation, { hasEnded: true })
  const data = { order_id: entry.id, customer_id: entry.fields.customer_id, error }
  return change([failed], [{ type: 'order.failed', data }])
}

export const changeResource: Command = (given, situation) => {
  const entry = findEntry(situation, 'resource', given)
  const { status } = given.body as { status: ResourceStatus }
  const before = entry.fields.status
  if (before === 'deleted') throw invalidTransition('resource', before, `'${status}'`, 'It is gone for good.')
  if (before === status) throw invalidTransition('resource', before, `'${status}'`, 'Give another status.')
  const next = changed(entry, { status }, situation)
  return change([next], [resourceEvent('resource.status_changed', next, before)])
}

export const deleteResource: Command = (given, situation) => {
  const entry = findEntry(situation, 'resource', given)
  const { status } = entry.fields
  if (status === 'deleted') throw invalidTransition('resource', status, 'deleted', 'It is gone for good.')
  const next = changed(entry, { status: 'deleted' }, situation, { hasEnded: true })
  return change([next], [resourceEvent('resource.deleted', next, status)])
}

function resourceEvent(type: string, { id, fields }: Entry<'resource'>, previous_status: string | null): DomainEvent {
  const { order_id, customer_id, sku, resource_kind: kind, status } = fields
  return { type, data: { resource_id: id, kind, status, previous_status, order_id, customer_id, sku } }
}
