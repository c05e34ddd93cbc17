/** The scopes that a key may hold, and what they allow beyond their names. */

export const SCOPES = [
  'events:emit',
  'events:read',
  'events:payload',
  'events:manage',
  'webhooks:manage',
  'federation:manage',
  'marketplace:manage',
  'workflows:manage',
  'keys:manage',
  'audit:read',
  'notifications:send',
  'notifications:manage',
  'workflows:read',
  'workflows:run',
  'secrets:use',
  'tables:read',
  'tables:write',
  'tables:manage',
  'domain:manage',
] as const
export type Scope = (typeof SCOPES)[number]

/**
 * The scopes of the first release. A key with all of them was made to do everything that its organization may, so it
 * holds the scopes added since.
 */
const FIRST_SCOPES: readonly Scope[] = [
  'events:emit',
  'events:read',
  'events:manage',
  'webhooks:manage',
  'federation:manage',
  'marketplace:manage',
  'workflows:manage',
  'keys:manage',
  'audit:read',
]

/** A scope that manages a part of the platform includes those that use it. */
const INCLUDED_IN: Partial<Record<Scope, readonly Scope[]>> = {
  'notifications:send': ['notifications:manage'],
  'workflows:read': ['workflows:manage'],
  'tables:read': ['tables:manage'],
  'tables:write': ['tables:manage'],
}

/** Held by older keys with all of the first. */
const ADDED: readonly Scope[] = [
  ...(['notifications:send', 'notifications:manage'] as const),
  ...(['workflows:read', 'workflows:run', 'secrets:use', 'domain:manage'] as const),
  ...(['tables:read', 'tables:write', 'tables:manage'] as const),
]

/** Of keys that are made now: they could have named all of the above, so they hold nothing that they do not name. */
export const SCOPE_SET = 3

/** Split off another scope since: a key that is older than this one keeps what it could do. */
const SPLIT_OFF: readonly Scope[] = ['events:payload']

/** What decides of a key. */
export interface Granted {
  scopes: Scope[]
  /** Which scopes there were when it was made. Absent: before payloads had one of their own. */
  scopeSet?: 2 | typeof SCOPE_SET
}

const isOlder = ({ scopeSet }: Granted): boolean => scopeSet === undefined

export const holdsScope = (key: Granted, scope: Scope): boolean =>
  key.scopes.includes(scope) ||
  (INCLUDED_IN[scope]?.some(each => key.scopes.includes(each)) ?? false) ||
  (key.scopeSet !== SCOPE_SET && ADDED.includes(scope) && FIRST_SCOPES.every(each => key.scopes.includes(each))) ||
  (isOlder(key) && SPLIT_OFF.includes(scope))

/** As it is shown: with those that were added to it. */
export const shownScopes = (key: Granted): Scope[] =>
  isOlder(key) ? [...new Set([...key.scopes, ...SPLIT_OFF])] : key.scopes
