import { describe, expect, it } from '@jest/globals'
import { type Granted, holdsScope, SCOPE_SET, type Scope, shownScopes } from '../../src/model/scopes.ts'

const keyOf = (scopes: Scope[], scopeSet?: number): Granted => ({
  scopes,
  ...(scopeSet === undefined ? {} : { scopeSet }),
})

describe('a key keeps what it could do when it was made', () => {
  it('reads payloads if it is older than their scope, and is shown with it', () => {
    const older = keyOf(['keys:manage'])
    expect([holdsScope(older, 'events:payload'), shownScopes(older)]).toEqual([true, ['keys:manage', 'events:payload']])
    const newer = keyOf(['events:read'], 4)
    expect([holdsScope(newer, 'events:payload'), shownScopes(newer)]).toEqual([false, ['events:read']])
  })

  it.each([undefined, 2, 3])('reads usage if it reads events and is of set %s, and not otherwise', scopeSet => {
    expect(holdsScope(keyOf(['events:read'], scopeSet), 'usage:read')).toBe(true)
    expect(shownScopes(keyOf(['events:read'], scopeSet))).toContain('usage:read')
    expect(holdsScope(keyOf(['events:emit'], scopeSet), 'usage:read')).toBe(false)
    expect(holdsScope(keyOf(['events:read'], SCOPE_SET), 'usage:read')).toBe(false)
  })

  it('of set 3 or later holds no addition of its release that it does not name', () => {
    const first: Scope[] = [
      ...(['events:emit', 'events:read', 'events:manage', 'webhooks:manage', 'federation:manage'] as const),
      ...(['marketplace:manage', 'workflows:manage', 'keys:manage', 'audit:read'] as const),
    ]
    expect([2, 3, SCOPE_SET].map(set => holdsScope(keyOf(first, set), 'secrets:use'))).toEqual([true, false, false])
  })
})

it('managing includes reading, and reading includes no managing', () => {
  expect(holdsScope(keyOf(['webhooks:manage'], SCOPE_SET), 'webhooks:read')).toBe(true)
  expect(holdsScope(keyOf(['webhooks:read'], SCOPE_SET), 'webhooks:manage')).toBe(false)
  expect(holdsScope(keyOf(['events:manage'], SCOPE_SET), 'events:read')).toBe(true)
  expect(holdsScope(keyOf(['events:manage'], SCOPE_SET), 'events:payload')).toBe(false)
})
