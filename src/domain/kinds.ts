/**
 * The records of the reference domain, by kind. Names are those of the events about them: snake_case for what PLATFORMA
 * and Ctrl Plane know, camelCase for designs. Times are ms since 1970.
 */

export const DOMAIN_KINDS = [
  ...(['order', 'resource', 'cluster', 'invoice', 'usage_plan', 'alert_rule'] as const),
  ...(['instance', 'deployment', 'health_check', 'domain', 'design'] as const),
] as const
export type DomainKind = (typeof DOMAIN_KINDS)[number]

export const ID_PREFIXES: Readonly<Record<DomainKind, string>> = {
  ...{ order: 'ord', resource: 'res', cluster: 'clu', invoice: 'inv', usage_plan: 'usp', alert_rule: 'alr' },
  ...{ instance: 'ins', deployment: 'dep', health_check: 'hck', domain: 'dom', design: 'dsg' },
}

export interface OrderItem {
  sku: string
  quantity: number
  kind?: string
}

export interface Order {
  customer_id: string
  items: OrderItem[]
  status: 'created' | 'provisioning' | 'provisioned' | 'failed'
  resources: Array<{ resource_id: string; kind: string; status: string }>
  error: string | null
  /** Its provisioning is to fail: test environment. */
  failNext: boolean
}

export const RESOURCE_STATUSES = ['active', 'degraded', 'maintenance', 'stopped', 'suspended', 'failed'] as const
export type ResourceStatus = (typeof RESOURCE_STATUSES)[number]

export interface Resource {
  order_id: string
  customer_id: string
  sku: string
  /** Of the item that it was made for. */
  resource_kind: string
  quantity: number
  status: ResourceStatus | 'deleted'
}

export interface Cluster {
  name: string
  node_count: number
  min: number
  max: number
  status: 'ready' | 'scaling' | 'deleted'
  /** While it scales: the number to come. */
  target: number | null
}

export interface InvoiceLine {
  sku: string
  description: string | null
  /** Decimals as they were given. */
  quantity: string
  unit_price: string
  total_cents: number
}

export interface Invoice {
  /** Dense within the environment of an organization, from 1. */
  number: number
  customer_id: string
  currency: string
  due_days: number
  due_at: number
  lines: InvoiceLine[]
  total_cents: number
  status: 'generated' | 'paid'
  paid_at: number | null
  /** Of an invoice of usage: the month. */
  usage_month: string | null
}

export interface UsagePlan {
  customer_id: string
  currency: string
  due_days: number | null
  /** By meter: of one unit, as it was given. */
  prices: Record<string, number | string>
  /** The month (UTC) that is billed next. */
  next_month: string
}

export const ALERT_OPERATORS = ['gt', 'gte', 'lt', 'lte'] as const

export interface AlertRule {
  metric: string
  /** Null: every cluster. */
  cluster_id: string | null
  operator: (typeof ALERT_OPERATORS)[number]
  threshold: number
  clearBelow: number | null
  /** Clusters whose alert has not cleared: it fires for them only once it has. */
  firing: string[]
}

export interface Instance {
  name: string
  image: string
  replicas: number
  status: 'created' | 'running' | 'stopped' | 'failed' | 'suspended' | 'deleted'
  /** Where it goes on when it is unsuspended. */
  before_suspension: 'created' | 'running' | 'stopped' | 'failed' | null
}

export interface Deployment {
  instance_id: string
  release: string
  strategy: string
  status: 'started' | 'succeeded' | 'failed' | 'rolled_back'
  reason: string | null
}

export interface HealthCheck {
  instance_id: string
  check_id: string
  status: 'passed' | 'failed'
  degraded: boolean
  failures_in_a_row: number
  latency_ms: number
  message: string
}

export interface Domain {
  hostname: string
  status: 'added' | 'verified' | 'removed'
  certificate: {
    status: 'pending' | 'provisioned' | 'expiring' | 'expired'
    days: number
    expires_at: number | null
  } | null
}

export interface DesignElement {
  elementId: string
  type: string
  properties: Record<string, unknown>
}

export interface Suggestion {
  suggestionId: string
  n: number
  type: string
  changes: Record<string, unknown>
  applied: boolean
}

export interface Design {
  name: string
  description: string | null
  userId: string
  style: Record<string, unknown>
  elements: DesignElement[]
  suggestions: Suggestion[]
  exports: Array<{ exportId: string; format: string; preset: string; exportUrl: string; createdAt: number }>
  shares: Array<{ shareId: string; shareUrl: string; visibility: string; createdAt: number }>
}

export interface FieldsOf {
  order: Order
  resource: Resource
  cluster: Cluster
  invoice: Invoice
  usage_plan: UsagePlan
  alert_rule: AlertRule
  instance: Instance
  deployment: Deployment
  health_check: HealthCheck
  domain: Domain
  design: Design
}

/** The event or run that a change follows from, so that chains of workflows stay bounded. */
export interface Cause {
  causationId: string | null
  rootEventId: string | null
  correlationId: string | null
  traceparent: string | null
  depth: number
  /** Workflows that the chain has come through. */
  path: string[]
}

export interface Entry<K extends DomainKind = DomainKind> {
  kind: K
  id: string
  /** 1 when it is made, one more with each change. */
  revision: number
  createdAtMs: number
  updatedAtMs: number
  /** When its next transition by time is due. */
  dueAtMs: number | null
  /** When it came to its end; null: it may still change. */
  endedAtMs: number | null
  /** Of the change that its next transition by time goes back to. */
  cause: Cause | null
  fields: FieldsOf[K]
}
