import { randomBytes } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { checkedSecret } from '../../src/control-plane/webhooks/brought-secret.ts'
import { generateSecret, standardKey } from '../../src/delivery/sign.ts'
import { ClarionError } from '../../src/model/codes.ts'

const random = { bytes: (count: number) => randomBytes(count), integer: () => 0, fraction: () => 0 }
const base64 = (bytes: number) => Buffer.alloc(bytes, 0xa7).toString('base64')

describe('a secret that a caller brings', () => {
  it.each([
    'whsec_your_signing_secret',
    'your-webhook-secret',
    'a secret of my own, größer',
    'x'.repeat(16),
    '🏠'.repeat(256),
    'sixteen  letters',
    'whsec_not base64!!',
    `whsec_${base64(24)}`,
    `whsec_${base64(25)}`,
    `whsec_${base64(32)}`,
    `whsec_${base64(64)}`,
    `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`,
    generateSecret(random as never),
  ])('is taken as it is: %s', secret => expect(checkedSecret(secret)).toBe(secret))

  it.each<[string, RegExp]>([
    ['x'.repeat(15), /16 to 256 characters, not 15/],
    ['x'.repeat(257), /16 to 256 characters, not 257/],
    ['🏠'.repeat(257), /16 to 256 characters/],
    [`whsec_${base64(23)}`, /24 to 64 bytes.*has 23 bytes/],
    [`whsec_${base64(65)}`, /24 to 64 bytes.*has 65 bytes/],
    [`whsec_${base64(32).replace('=', '')}`, /not canonical/],
    [`whsec_${base64(32)}=`, /not canonical/],
    [`whsec_${base64(33)}=`, /not canonical/],
    [`whsec_${Buffer.alloc(31).toString('base64').replace('AA==', 'AB==')}`, /not canonical/],
    ['whsec_mySuperSecretSigningKey', /not canonical/],
    [' a secret with a space', /begin or end with a space/],
    ['a secret with a space ', /begin or end with a space/],
    ['a secret with a space\u00a0', /begin or end with a space/],
    ['a secret with\na line', /control characters/],
    ['a secret with a tab\t', /control characters/],
    ['a secret with a nul\u0000', /control characters/],
    ['a secret with half a pair \ud800', /control characters/],
    [`whpk_${base64(32)}`, /public key/],
  ])('is refused with the remedy: %j', (secret, expected) => {
    let refusal: unknown
    try {
      checkedSecret(secret)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(ClarionError)
    expect(refusal).toMatchObject({ code: 'validation_failed', message: expect.stringMatching(expected) })
    expect((refusal as ClarionError).details).toEqual([
      { path: '/secret', rule: 'secret', message: expect.stringMatching(expected) },
    ])
    expect((refusal as ClarionError).message).not.toContain(secret)
  })

  it('that is taken and has the letters of base64 behind whsec_ signs with the bytes that every decoder finds', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'ABCxyz019+/='), minLength: 10, maxLength: 90 })
    fc.assert(
      fc.property(letters, encoded => {
        try {
          checkedSecret(`whsec_${encoded}`)
        } catch {
          return
        }
        if (!/^[A-Za-z0-9+/]+=*$/.test(encoded)) return
        const bytes = Uint8Array.from(atob(encoded), each => each.charCodeAt(0))
        expect(standardKey(`whsec_${encoded}`).export()).toEqual(Buffer.from(bytes))
      }),
    )
  })
})
