/** The scopes that a key may hold, and what they allow beyond their names. */

export const SCOPES = [
  'events:emit',
  'events:read',
  'events:payload',
  'events:manage',
  'webhooks:read',
  'webhooks:manage',
  'usage:read',
  'federation:manage',
  'marketplace:manage',
  'workflows:manage',
  'keys:manage',
  'audit:read',
  'notifications:send',
  'notifications:manage',
  'workflows:read',
  'workflows:run',
  'routes:call',
  'secrets:use',
  'tables:read',
  'tables:write',
  'tables:manage',
  'queues:receive',
  'queues:manage',
  'domain:manage',
  'domain:read',
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
  'events:read': ['events:manage'],
  'webhooks:read': ['webhooks:manage'],
  'notifications:send': ['notifications:manage'],
  'workflows:read': ['workflows:manage'],
  'tables:read': ['tables:manage'],
  'tables:write': ['tables:manage'],
  'domain:read': ['domain:manage'],
  'queues:receive': ['queues:manage'],
}

/** Held by older keys with all of the first. */
const ADDED: readonly Scope[] = [
  ...(['notifications:send', 'notifications:manage'] as const),
  ...(['workflows:read', 'workflows:run', 'routes:call', 'secrets:use', 'domain:manage', 'domain:read'] as const),
  ...(['tables:read', 'tables:write', 'tables:manage'] as const),
  ...(['queues:receive', 'queues:manage'] as const),
]

/** Since this set, a key holds nothing of the list above that it does not name. */
const NAMES_ALL_SET = 3

/** Of keys that are made now: the number of the set of scopes that they could choose from. */
export const SCOPE_SET = 4

interface SplitOff {
  scope: Scope
  /** The first set that has it: a key of an older one keeps what it could do. */
  since: number
  /** The scope that included it before; absent: every key could do it. */
  from?: Scope
}

const SPLIT_OFF: readonly SplitOff[] = [
  { scope: 'events:payload', since: 2 },
  { scope: 'usage:read', since: 4, from: 'events:read' },
]

/** The facts of a key that decide its scopes. */
export interface Granted {
  scopes: Scope[]
  /** The set of scopes at the time it was made. Absent: before payloads had a scope of their own. */
  scopeSet?: number
}

const setOf = ({ scopeSet = 1 }: Granted): number => scopeSet

const keeps = (key: Granted, { since, from }: SplitOff): boolean =>
  setOf(key) < since && (from === undefined || holdsScope(key, from))

export const holdsScope = (key: Granted, scope: Scope): boolean =>
  key.scopes.includes(scope) ||
  (INCLUDED_IN[scope]?.some(each => key.scopes.includes(each)) ?? false) ||
  (setOf(key) < NAMES_ALL_SET && ADDED.includes(scope) && FIRST_SCOPES.every(each => key.scopes.includes(each))) ||
  SPLIT_OFF.some(each => each.scope === scope && keeps(key, each))

/** As it is shown: with those that were added to it. */
export function shownScopes(key: Granted): Scope[] {
  const kept = SPLIT_OFF.filter(each => keeps(key, each)).map(({ scope }) => scope)
  return kept.length === 0 ? key.scopes : [...new Set([...key.scopes, ...kept])]
}
