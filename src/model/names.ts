/**
 * Event names: their grammar, the names that the platform owns, and canonical names
 * (docs/specification/events.md#names).
 */
import type { Code } from './codes.ts'

export const NAMESPACE_PATTERN = /^[a-z][a-z0-9_-]{1,30}$/
export const NAME_PATTERN = /^[a-z][a-z0-9_.-]{1,60}$/
export const VERSION_PATTERN = /^(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})$/
/** Lifecycle names: UPPER_SNAKE. */
export const LIFECYCLE_PATTERN = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/

/** Namespaces that no organization may register (docs/specification/events.md#reserved-namespaces). */
export const RESERVED_NAMESPACES: ReadonlySet<string> = new Set([
  'identity',
  'fraud',
  'permissions',
  'messaging',
  'webhooks',
  'workflows',
  'auth',
  'platform',
  'platformxe',
  'events',
  'subscriptions',
  'domains',
  'templates',
  'generic',
])

/**
 * First segments of the built-in types. They are reserved too, and kept apart because the list above is tested as
 * given.
 */
export const BUILT_IN_NAMESPACES: ReadonlySet<string> = new Set([
  'order',
  'resource',
  'invoice',
  'alert',
  'instance',
  'deploy',
  'health',
  'domain',
  'cert',
  'tenant',
  'quota',
  'design',
  'element',
  'ai',
  'usage',
])

/**
 * The generic event: every organization has it without registration (docs/specification/registry.md#the-generic-event).
 */
export const GENERIC = {
  namespace: 'platformxe',
  name: 'generic',
  version: '1.0.0',
  schema: {
    type: 'object',
    properties: {
      kind: { type: 'string', minLength: 1, maxLength: 120 },
      summary: { type: 'string', maxLength: 500 },
      data: { type: 'object' },
    },
    required: ['kind'],
    additionalProperties: false,
  },
} as const

/** The type of what workflows deliver to a webhook; it is in no log. */
export const MESSAGE_TYPE = 'workflow.message'

/** The owner of findings about what all organizations share: none has this id. */
export const PLATFORM = 'platform'

export const GENERIC_FULL_NAME = `${GENERIC.namespace}.${GENERIC.name}`

export const isReservedNamespace = (namespace: string): boolean =>
  RESERVED_NAMESPACES.has(namespace) || BUILT_IN_NAMESPACES.has(namespace)

/** Lifecycle names are the only ones that begin with a capital. */
export function isLifecycleType(type: string): boolean {
  const first = type.charCodeAt(0)
  return first >= 65 && first <= 90
}

/** Undefined when the namespace is well formed. */
export const checkNamespace = (namespace: string): Code | undefined =>
  NAMESPACE_PATTERN.test(namespace) ? undefined : 'invalid_namespace'
export const checkName = (name: string): Code | undefined => (NAME_PATTERN.test(name) ? undefined : 'invalid_name')
export const checkVersion = (version: string): Code | undefined =>
  VERSION_PATTERN.test(version) ? undefined : 'invalid_version_format'

/** The problem of a name that contains its version; a name without a version has no `@`. */
export function misplacedVersion(name: string): string | undefined {
  return name.includes('@') ? 'must be the name alone: what follows @ goes into the field version' : undefined
}

/** The problem of a malformed version; undefined when it is well formed. */
export function versionProblem(version: string): string | undefined {
  if (VERSION_PATTERN.test(version)) return undefined
  const bare = version.slice(1)
  const isPrefixed = /^v/i.test(version) && VERSION_PATTERN.test(bare)
  return isPrefixed
    ? `must be written without the v: ${bare}`
    : 'must be MAJOR.MINOR.PATCH: whole numbers of 15 digits at most, no leading zeros'
}

/** Splits `<namespace>.<name>` at the first dot (a namespace has none); undefined when either part is malformed. */
export function parseFullName(fullName: string): { namespace: string; name: string } | undefined {
  const dot = fullName.indexOf('.')
  if (dot < 0) return undefined
  const namespace = fullName.slice(0, dot)
  const name = fullName.slice(dot + 1)
  return NAMESPACE_PATTERN.test(namespace) && NAME_PATTERN.test(name) ? { namespace, name } : undefined
}

/** The routing key of a custom event. It contains the organization, so no two organizations share one. */
export const canonicalName = (organizationId: string, fullName: string, version: string): string =>
  `TENANT_CUSTOM:${organizationId}:${fullName}@${version}`

/** The routing key of a built-in type. */
export const builtInCanonicalName = (organizationId: string, type: string): string =>
  `PLATFORM:${organizationId}:${type}@1`

/** The routing key of a lifecycle event. */
export const lifecycleCanonicalName = (organizationId: string, name: string): string =>
  `PLATFORM_LIFECYCLE:${organizationId}:${name}@1`
