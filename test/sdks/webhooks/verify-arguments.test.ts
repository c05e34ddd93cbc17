import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { signatureHeaders, verifyWebhookSignature } from '../../../sdks/typescript/src/webhooks/index.ts'
import { SIGNATURE_PROFILES } from '../../../sdks/typescript/src/webhooks/profiles.ts'

const NOW_S = 1_790_000_000
const now = NOW_S * 1_000
const body = '{"type":"order.created","data":{"n":12345678901234567890,"s":"größer"}}'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
/** Those that a secret signs. */
const PROFILES = SIGNATURE_PROFILES.filter(profile => profile !== 'ed25519')
const hex = (text: string | Buffer, key = secret) => createHmac('sha256', key).update(text).digest('hex')
const base64 = (text: string, key: Buffer) => createHmac('sha256', key).update(text).digest('base64')
const standard = (key: Buffer, id = 'dlv_1', timestamp = String(NOW_S)) => ({
  'webhook-id': id,
  'webhook-timestamp': timestamp,
  'webhook-signature': `v1,${base64(`${id}.${timestamp}.${body}`, key)}`,
})
const decoded = Buffer.from(secret.slice(6), 'base64')

describe('arguments', () => {
  it('headers may be an object, Headers, a Map or a list, in any case; the body text or bytes', () => {
    const headers = standard(decoded)
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]))
    for (const given of [
      headers,
      upper,
      new Headers(headers),
      new Map(Object.entries(headers)),
      Object.entries(headers),
    ] as const)
      expect(verifyWebhookSignature(body, given, secret, { now })).toBe(true)
    const bytes = Buffer.from(body)
    for (const given of [bytes, new Uint8Array(bytes), Uint8Array.from(bytes).buffer])
      expect(verifyWebhookSignature(given, headers, secret, { now: new Date(now) })).toBe(true)
  })

  it('bytes are compared as bytes, also where they are not text', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    expect(verifyWebhookSignature(bytes, hex(bytes), secret)).toBe(true)
    expect(verifyWebhookSignature(bytes.toString(), hex(bytes), secret)).toBe(false)
  })

  it('any other object answers false, and does not compile', () => {
    const parsed = { type: 'order.created' }
    // @ts-expect-error a parsed body does not have the bytes that were signed
    expect(verifyWebhookSignature(parsed, hex(JSON.stringify(parsed)), secret)).toBe(false)
    // @ts-expect-error nor has a list
    expect(verifyWebhookSignature([1], hex('[1]'), secret)).toBe(false)
    // @ts-expect-error nor a number
    expect(verifyWebhookSignature(1, hex('1'), secret)).toBe(false)
    // @ts-expect-error and there is always a body
    expect(verifyWebhookSignature(undefined, hex('undefined'), secret)).toBe(false)
    // @ts-expect-error only these profiles exist
    expect(verifyWebhookSignature(body, hex(body), secret, { profile: 'toString' })).toBe(false)
    // @ts-expect-error as above, with headers
    expect(verifyWebhookSignature(body, standard(decoded), secret, { profile: 'toString', now })).toBe(false)
  })

  it('never throws, for any arguments', () => {
    const verify = verifyWebhookSignature as (...given: unknown[]) => unknown
    const hostile = { get 'webhook-id'(): string { throw new Error('hostile') } } // biome-ignore format: one thought
    expect(verify(body, hostile, secret)).toBe(false)
    expect(verify(body, standard(decoded), { length: 1 })).toBe(false)
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 4 }), given => typeof verify(...given) === 'boolean'),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom(...SIGNATURE_PROFILES), (text, header, profile) => {
        const headers = {
          'webhook-id': header,
          'webhook-timestamp': String(NOW_S),
          'webhook-signature': header,
          'x-event-signature': header,
        }
        return !verifyWebhookSignature(text, { ...headers, 'x-platforma-signature': header }, secret, { profile, now })
      }),
      { numRuns: 300 },
    )
  })

  it('a signed request is genuine, and one changed byte is not, in every profile', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(
        bytes,
        fc.string({ minLength: 1 }),
        fc.constantFrom(...PROFILES),
        fc.nat(),
        (text, own, profile, at) => {
          fc.pre(!own.startsWith('whpk_'))
          const headers = signatureHeaders(text, { secrets: [own], id: 'dlv_1', timestampS: NOW_S, profile })
          const other = Uint8Array.from(text, (byte, index) => (index === at % text.length ? byte ^ 1 : byte))
          return (
            verifyWebhookSignature(text, headers, own, { profile, now }) &&
            !verifyWebhookSignature(other, headers, own, { profile, now })
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})
