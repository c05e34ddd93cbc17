/**
 * The 41 event types that belong to the platform, in five groups
 * (docs/specification/platform-events.md#built-in-events). PLATFORMA's and Ctrl Plane's fields are in snake_case,
 * Platphorm's in camelCase, because receivers' code depends on them. The listed fields are the minimum of an event;
 * more are allowed.
 */
import { schemaHash } from '../json/canonical-json.ts'

export interface BuiltInEvent {
  /** `order.created` */
  type: string
  /** Ctrl Plane's Go constant, accepted wherever a type is accepted. */
  alias: string | undefined
  /** JSON Schema 2020-12 of `data`. */
  schema: Record<string, unknown>
  schemaHash: string
  /** The field of `data` that is the default subject. */
  subjectField: string
}

type Field = Record<string, unknown>

const id: Field = { type: 'string', minLength: 1, maxLength: 255 }
const text: Field = { type: 'string' }
const number: Field = { type: 'number' }
const time: Field = { type: 'string', format: 'date-time' }
const list: Field = { type: 'array' }
const object: Field = { type: 'object' }
const anything: Field = {}

/** Names with `?` may be absent. The first is the subject. */
type Fields = Record<string, Field>

const resource: Fields = { resource_id: id, kind: text, status: text }
const invoice: Fields = { invoice_id: id, customer_id: id, total: number, currency: text }
const instance: Fields = { 'instance_id?': id, name: text, image: text, 'reason?': text }
const deploy: Fields = { instance_id: id, deployment_id: id, release: text, strategy: text, 'reason?': text }
const health: Fields = { instance_id: id, check_id: id, latency_ms: number, message: text }
const domain: Fields = { hostname: text, 'expires_at?': time }
const cert: Fields = { hostname: text, expires_at: time }
const tenant: Fields = { 'tenant_id?': id, plan: text, 'reason?': text }

const CATALOGUE: Record<string, [fields: Fields, alias?: string]> = {
  'order.created': [{ order_id: id, customer_id: id, 'items?': list }],
  'order.provisioned': [{ 'order_id?': id, customer_id: id, resources: list }],
  'order.failed': [{ order_id: id, 'customer_id?': id, error: { type: ['string', 'object'] } }],
  'resource.created': [{ ...resource, 'previous_status?': { type: ['string', 'null'] } }],
  'resource.status_changed': [{ ...resource, previous_status: text }],
  'resource.deleted': [{ resource_id: id, kind: text, 'status?': text, 'previous_status?': text }],
  'invoice.generated': [invoice],
  'invoice.paid': [invoice],
  'alert.triggered': [{ alert_id: id, metric: text, value: number, threshold: number, cluster_id: id }],

  'instance.created': [instance, 'InstanceCreated'],
  'instance.started': [instance, 'InstanceStarted'],
  'instance.stopped': [instance, 'InstanceStopped'],
  'instance.failed': [instance, 'InstanceFailed'],
  'instance.deleted': [instance, 'InstanceDeleted'],
  'instance.scaled': [instance, 'InstanceScaled'],
  'instance.suspended': [instance, 'InstanceSuspended'],
  'instance.unsuspended': [instance, 'InstanceUnsuspended'],
  'deploy.started': [deploy, 'DeployStarted'],
  'deploy.succeeded': [deploy, 'DeploySucceeded'],
  'deploy.failed': [deploy, 'DeployFailed'],
  'deploy.rolled_back': [deploy, 'DeployRolledBack'],
  'health.passed': [health, 'HealthCheckPassed'],
  'health.failed': [health, 'HealthCheckFailed'],
  'health.degraded': [health, 'HealthDegraded'],
  'health.recovered': [health, 'HealthRecovered'],
  'domain.added': [domain, 'DomainAdded'],
  'domain.verified': [domain, 'DomainVerified'],
  'domain.removed': [domain, 'DomainRemoved'],
  'cert.provisioned': [cert, 'CertProvisioned'],
  'cert.expiring': [cert, 'CertExpiring'],
  'tenant.created': [tenant, 'TenantCreated'],
  'tenant.suspended': [tenant, 'TenantSuspended'],
  'tenant.deleted': [tenant, 'TenantDeleted'],
  'quota.exceeded': [{ quota: text, used: number, limit: number, 'plan?': text }, 'QuotaExceeded'],

  'design.created': [{ designId: id, name: text, createdAt: time, userId: id }],
  'design.updated': [{ designId: id, name: text, updatedAt: time, changes: anything }],
  'design.deleted': [{ designId: id, deletedAt: time, userId: id }],
  'design.exported': [{ designId: id, format: text, preset: text, exportUrl: text }],
  'design.shared': [{ designId: id, shareId: id, shareUrl: text, visibility: text }],
  'element.added': [{ designId: id, elementId: id, type: text, properties: object }],
  'ai.suggestion.applied': [{ designId: id, suggestionId: id, type: text, changes: anything }],
}

export const BUILT_IN_EVENTS: ReadonlyMap<string, BuiltInEvent> = new Map(
  Object.entries(CATALOGUE).map(([type, [fields, alias]]) => [
    type,
    { type, alias, ...schemaOf(fields), subjectField: bare(Object.keys(fields)[0]!) },
  ]),
)

const BY_ALIAS: ReadonlyMap<string, string> = new Map(
  [...BUILT_IN_EVENTS.values()].flatMap(({ alias, type }) => (alias === undefined ? [] : [[alias, type] as const])),
)

/** The type for a Go constant: `InstanceCreated` is `instance.created`. */
export const builtInTypeOfAlias = (alias: string): string | undefined => BY_ALIAS.get(alias)

/** By type or Go constant. */
export const builtInEvent = (name: string): BuiltInEvent | undefined => BUILT_IN_EVENTS.get(BY_ALIAS.get(name) ?? name)

function schemaOf(fields: Fields): Pick<BuiltInEvent, 'schema' | 'schemaHash'> {
  const names = Object.keys(fields)
  const schema = {
    type: 'object',
    properties: Object.fromEntries(names.map(name => [bare(name), fields[name]])),
    required: names.filter(name => !name.endsWith('?')),
  }
  return { schema, schemaHash: schemaHash(schema) }
}

function bare(name: string): string {
  return name.replace(/\?$/, '')
}
