import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { signingKeys } from '../../src/crypto/signing-key.ts'
import { ClarionError } from '../../src/model/codes.ts'
import { ENVIRONMENTS } from '../../src/model/environments.ts'
import { createCursors } from '../../src/streaming/cursor.ts'

const SECRET = 'a secret of the tests that is long'
const cursors = createCursors(signingKeys(SECRET, undefined, 'log-cursors'))

const offset = fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) })
const place = { offsets: fc.array(offset, { minLength: 1, maxLength: 16 }), sequence: fc.nat() }
const origin = fc.record({
  organizationId: fc.constantFrom('org_1', 'org_2', 'org_10', 'org_1/live'),
  environment: fc.constantFrom(...ENVIRONMENTS),
})

/** All refusals are one answer: the caller learns nothing from it. */
const refusal = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    if (error instanceof ClarionError) return [error.code, error.message, error.details]
  }
  return undefined
}
const REFUSED = refusal(() => cursors.read({ organizationId: 'org_1', environment: 'live' }, 'x'))

describe('a cursor', () => {
  it('is read back by its organization and environment, and by no other one', () => {
    expect(REFUSED?.[0]).toBe('invalid_cursor')
    fc.assert(
      fc.property(origin, origin, place.offsets, place.sequence, (own, other, offsets, sequence) => {
        const text = cursors.encode(own, offsets, sequence)
        expect(cursors.read(own, text)).toEqual({ offsets, sequence })
        expect(text).toMatch(/^[A-Za-z0-9_-]+$/)
        if (own.organizationId === other.organizationId && own.environment === other.environment) return
        expect(refusal(() => cursors.read(other, text))).toEqual(REFUSED)
      }),
    )
  })

  it('is refused when any part of it was changed, cut off, extended or spelled otherwise', () => {
    const owner = { organizationId: 'org_1', environment: 'live' } as const
    fc.assert(
      fc.property(place.offsets, fc.nat(), fc.integer({ min: 1, max: 255 }), (offsets, at, change) => {
        const text = cursors.encode(owner, offsets, 7)
        const bytes = Buffer.from(text, 'base64url')
        bytes[at % bytes.length]! ^= change
        const forms = [
          bytes.toString('base64url'),
          text.slice(0, -1 - (at % text.length)),
          `${text}A`,
          `${text}=`,
          ` ${text}`,
          Buffer.from(text, 'base64url').toString('base64').replace(/=*$/, '=='),
        ].filter(form => form !== text)
        for (const form of forms) expect(refusal(() => cursors.read(owner, form))).toEqual(REFUSED)
      }),
    )
    for (const text of ['', 'latest', 'A'.repeat(600), '\u0000', '🦊', 'null'])
      expect(refusal(() => cursors.read(owner, text))).toEqual(REFUSED)
  })

  it('of a key that is being replaced is still read, of any other key it is not', () => {
    const owner = { organizationId: 'org_1', environment: 'live' } as const
    const text = cursors.encode(owner, [5n])
    const later = createCursors(signingKeys('another secret that is long enough', SECRET, 'log-cursors'))
    expect(later.decode(owner, text)).toEqual([5n])
    const foreign = createCursors(signingKeys('another secret that is long enough', undefined, 'log-cursors'))
    expect(refusal(() => foreign.decode(owner, text))).toEqual(REFUSED)
  })
})
