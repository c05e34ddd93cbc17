/** Orders, resources, invoices, clusters and alerts: PLATFORMA's part of the reference domain. */
import { METERS } from '../../analytics/read/usage-reads.ts'
import { ALERT_OPERATORS, RESOURCE_STATUSES } from '../../domain/kinds.ts'
import { boolean, integer, listOf, nullable, number, object, oneOf, string, text, time } from '../http/schema-parts.ts'

const NAME_MAX = 255
const QUANTITY_MAX = 1_000_000
const NODES_MAX = 10_000
const id = text(1, NAME_MAX)
const times = { revision: integer, created_at: time, updated_at: time }
const count = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum })

const item = object({ sku: id, quantity: count(1, QUANTITY_MAX), 'kind?': text(1, 60) })
export const newOrder = object({
  customer_id: id,
  items: { type: 'array', items: item, minItems: 1, maxItems: 50 },
  'failNext?': { type: 'boolean', description: 'Provisioning fails: test environment.' },
})
export const order = object({
  id: string,
  customer_id: string,
  items: listOf(item),
  status: oneOf(['created', 'provisioning', 'provisioned', 'failed']),
  resources: listOf(object({ resource_id: string, kind: string, status: string })),
  error: nullable(string),
  ...times,
})

export const resourcePatch = object({ status: oneOf(RESOURCE_STATUSES) })
export const resource = object({
  id: string,
  kind: string,
  order_id: string,
  customer_id: string,
  sku: string,
  quantity: integer,
  status: oneOf([...RESOURCE_STATUSES, 'deleted']),
  ...times,
})

/** As text, no digit is lost. */
const decimal = { type: ['number', 'string'], maxLength: 20, description: 'A decimal, as a number or as text.' }
const line = object({
  'sku?': text(0, NAME_MAX),
  'description?': text(0, 1_000),
  quantity: decimal,
  unit_price: decimal,
})
export const newInvoice = object({
  customer_id: id,
  currency: { type: 'string', pattern: '^[A-Z]{3}$', description: 'ISO 4217, such as EUR.' },
  'due_days?': count(0, 365),
  lines: { type: 'array', items: line, minItems: 1, maxItems: 200 },
})
const prices = {
  ...object(Object.fromEntries(METERS.map(meter => [`${meter}?`, decimal]))),
  minProperties: 1,
  description: 'Of one unit of a meter; those without a price are not on the invoice.',
}
const month = { type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])$' }
const currency = { type: 'string', pattern: '^[A-Z]{3}$' }
export const usageInvoice = object({
  month: { ...month, description: 'UTC; it must be over for an hour.' },
  customer_id: id,
  currency,
  'due_days?': count(0, 365),
  prices,
})
export const newUsagePlan = object({ customer_id: id, currency, 'due_days?': count(0, 365), prices })
export const usagePlan = object({
  ...{ id: string, customer_id: string, currency: string, due_days: nullable(integer), prices },
  next_month: { ...month, description: 'UTC; billed when it has been over for an hour.' },
  ...times,
})
export const invoice = object({
  id: string,
  number: { ...integer, description: 'Dense: 1, 2, 3 … within the environment of the organization.' },
  customer_id: string,
  currency: string,
  due_days: integer,
  due_at: time,
  lines: listOf(
    object({
      sku: string,
      description: nullable(string),
      quantity: string,
      unit_price: string,
      total: number,
      total_cents: integer,
    }),
  ),
  total: number,
  total_cents: integer,
  status: oneOf(['generated', 'paid']),
  paid_at: nullable(time),
  usage_month: nullable(string),
  ...times,
})

export const newCluster = object({
  name: id,
  node_count: count(0, NODES_MAX),
  'min?': count(0, NODES_MAX),
  'max?': count(0, NODES_MAX),
})
export const cluster = object({
  id: string,
  name: string,
  node_count: integer,
  min: integer,
  max: integer,
  status: oneOf(['ready', 'scaling', 'deleted']),
  target: nullable(integer),
  ...times,
})
export const scaling = {
  ...object({
    'node_count?': { ...count(0, NODES_MAX), description: 'Within the bounds of the cluster.' },
    'delta?': { ...count(-NODES_MAX, NODES_MAX), description: 'Goes as far as the bounds let it.' },
  }),
  minProperties: 1,
  maxProperties: 1,
}
export const scaled = object({
  id: string,
  name: string,
  previous: integer,
  target: integer,
  changed: boolean,
  status: string,
  revision: integer,
})

const rule = {
  metric: text(1, 100),
  'cluster_id?': { ...nullable(id), description: 'Absent: every cluster.' },
  operator: oneOf(ALERT_OPERATORS),
  threshold: number,
  'clearBelow?': {
    ...nullable(number),
    description: 'It fires again once the metric has been below it; absent: once the rule does not hold.',
  },
}
export const newAlertRule = object(rule)
export const alertRulePatch = {
  ...object({
    'metric?': rule.metric,
    'cluster_id?': rule['cluster_id?'],
    'operator?': rule.operator,
    'threshold?': number,
    'clearBelow?': rule['clearBelow?'],
  }),
  minProperties: 1,
}
export const alertRule = object({
  id: string,
  metric: string,
  cluster_id: nullable(string),
  operator: string,
  threshold: number,
  clearBelow: nullable(number),
  firing: listOf(string),
  ...times,
})
export const newMetric = object({ cluster_id: id, metric: text(1, 100), value: number })
export const judgedMetric = object({
  cluster_id: string,
  metric: string,
  value: number,
  triggered: { ...listOf(string), description: 'Ids of the alerts that fired.' },
  cleared: { ...listOf(string), description: 'Ids of the rules that are armed again.' },
})
export const removed = object({ id: string, deleted: boolean })
