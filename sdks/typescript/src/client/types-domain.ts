/** Input and output types of the reference domain. Names are those of the API: designs in camelCase, all else in snake_case. */

interface Stored {
  id: string
  /** For `ifMatch`; one more with each change. */
  revision: number
  created_at: string
  updated_at: string
}

export interface DomainFilter {
  status?: string
  limit?: number
  cursor?: string
}

/** Options of a change. */
export interface ChangeOptions {
  signal?: AbortSignal
  /** Refused with 412 `revision_conflict` unless the record has this revision. */
  ifMatch?: number
  /** Drawn by the client unless given: a repetition with it has no further effect. */
  idempotencyKey?: string
}

export interface OrderItem {
  sku: string
  quantity: number
  kind?: string
}
export interface NewOrder {
  customer_id: string
  items: OrderItem[]
  /** Provisioning fails: test environment. */
  failNext?: boolean
}
export interface Order extends Stored {
  customer_id: string
  items: OrderItem[]
  status: 'created' | 'provisioning' | 'provisioned' | 'failed'
  resources: Array<{ resource_id: string; kind: string; status: string }>
  error: string | null
}

export type ResourceStatus = 'active' | 'degraded' | 'maintenance' | 'stopped' | 'suspended' | 'failed'
export interface Resource extends Stored {
  kind: string
  order_id: string
  customer_id: string
  sku: string
  quantity: number
  status: ResourceStatus | 'deleted'
}

export interface NewInvoice {
  customer_id: string
  /** ISO 4217. */
  currency: string
  /** 14 unless given. */
  due_days?: number
  /** Decimals as text keep every digit. */
  lines: Array<{ sku?: string; description?: string; quantity: number | string; unit_price: number | string }>
}
export interface UsageInvoice {
  /** `YYYY-MM`, UTC. */
  month: string
  customer_id: string
  currency: string
  due_days?: number
  /** Of one unit, by meter. */
  prices: Record<string, number | string>
}
/** The usage of each month becomes an invoice by itself. */
export interface NewUsagePlan extends Omit<UsageInvoice, 'month'> {}
export interface UsagePlan extends Stored {
  customer_id: string
  currency: string
  due_days: number | null
  prices: Record<string, number | string>
  /** `YYYY-MM`, UTC: billed when it has been over for an hour. */
  next_month: string
}
export interface Invoice extends Stored {
  /** Dense, from 1. */
  number: number
  customer_id: string
  currency: string
  due_days: number
  due_at: string
  lines: Array<{
    sku: string
    description: string | null
    quantity: string
    unit_price: string
    total: number
    total_cents: number
  }>
  total: number
  total_cents: number
  status: 'generated' | 'paid'
  paid_at: string | null
  /** Of an invoice of usage: the month. */
  usage_month: string | null
}

export interface NewCluster {
  name: string
  node_count: number
  /** 1 unless given. */
  min?: number
  /** 20 unless given. */
  max?: number
}
export interface Cluster extends Stored {
  name: string
  node_count: number
  min: number
  max: number
  status: 'ready' | 'scaling' | 'deleted'
  /** While it scales: the number to come. */
  target: number | null
}
export type Scaling = { node_count: number } | { delta: number }
export interface Scaled {
  id: string
  name: string
  previous: number
  target: number
  /** False: it has so many nodes already. */
  changed: boolean
  status: string
  revision: number
}

export interface NewAlertRule {
  metric: string
  /** Every cluster unless given. */
  cluster_id?: string | null
  operator: 'gt' | 'gte' | 'lt' | 'lte'
  threshold: number
  clearBelow?: number | null
}
export interface AlertRule extends Stored, Required<NewAlertRule> {
  /** Clusters whose alert has not cleared. */
  firing: string[]
}
export interface Metric {
  cluster_id: string
  metric: string
  value: number
}
export interface JudgedMetric extends Metric {
  triggered: string[]
  cleared: string[]
}

export interface NewInstance {
  name: string
  image: string
  replicas?: number
}
export interface Instance extends Stored {
  name: string
  image: string
  replicas: number
  status: 'created' | 'running' | 'stopped' | 'failed' | 'suspended' | 'deleted'
  before_suspension: string | null
}
export interface NewReleaseDeployment {
  instance_id: string
  release: string
  strategy?: string
}
export interface ReleaseDeployment extends Stored {
  instance_id: string
  release: string
  strategy: string
  status: 'started' | 'succeeded' | 'failed' | 'rolled_back'
  reason: string | null
}
export interface NewHealth {
  check_id: string
  status: 'passed' | 'failed'
  latency_ms?: number
  message?: string
}
export interface HealthResult extends Stored {
  instance_id: string
  check_id: string
  status: 'passed' | 'failed'
  degraded: boolean
  failures_in_a_row: number
  latency_ms: number
  message: string
}
export interface Domain extends Stored {
  hostname: string
  status: 'added' | 'verified' | 'removed'
  certificate: { status: 'pending' | 'provisioned' | 'expiring' | 'expired'; expires_at: string | null } | null
}

export interface NewDesign {
  name: string
  description?: string
  /** The key unless given. */
  userId?: string
}
export interface DesignSummary {
  id: string
  name: string
  description: string | null
  userId: string
  style: Record<string, unknown>
  elementCount: number
  revision: number
  createdAt: string
  updatedAt: string
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
export interface DesignExport {
  exportId: string
  format: string
  preset: string
  exportUrl: string
  createdAt: string
}
export interface DesignShare {
  shareId: string
  shareUrl: string
  visibility: string
  createdAt: string
}
export interface Design extends DesignSummary {
  elements: DesignElement[]
  suggestions: Suggestion[]
  exports: DesignExport[]
  shares: DesignShare[]
}
export type OfDesign<T> = T & { designId: string; revision: number }
