/** The scopes that a key may hold, and what they allow beyond their names. */

export const SCOPES = [
  'events:emit',
  'events:read',
  'events:manage',
  'webhooks:manage',
  'federation:manage',
  'marketplace:manage',
  'workflows:manage',
  'keys:manage',
  'audit:read',
  'notifications:send',
  'notifications:manage',
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
const INCLUDED_IN: Partial<Record<Scope, readonly Scope[]>> = { 'notifications:send': ['notifications:manage'] }

const ADDED: readonly Scope[] = ['notifications:send', 'notifications:manage']

export const holdsScope = (scopes: readonly Scope[], scope: Scope): boolean =>
  scopes.includes(scope) ||
  (INCLUDED_IN[scope]?.some(each => scopes.includes(each)) ?? false) ||
  (ADDED.includes(scope) && FIRST_SCOPES.every(each => scopes.includes(each)))
