import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { generateSecret, signatureHeaders } from '../../src/delivery/sign.ts'

const nowS = () => Math.floor(createSystemClock().nowMs() / 1000)
const body = Buffer.from('{"data":{"n":12345678901234567890,"s":"größer"}}')

describe('the standard signature', () => {
  it('is accepted by the reference library, for a generated secret', () => {
    const secret = generateSecret(createSystemRandom())
    const headers = signatureHeaders(secret, 'dlv_1', nowS(), body)
    expect(() => new Webhook(secret).verify(body, { ...headers })).not.toThrow()
  })

  it('is refused by the reference library when a byte of the body, the id or the time differs', () => {
    const secret = generateSecret(createSystemRandom())
    const atS = nowS()
    const headers = signatureHeaders(secret, 'dlv_1', atS, body)
    const webhook = new Webhook(secret)
    expect(() => webhook.verify(Buffer.from(`${body} `), { ...headers })).toThrow()
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'dlv_2' })).toThrow()
    expect(() => webhook.verify(body, { ...headers, 'webhook-timestamp': String(atS - 1) })).toThrow()
  })

  it("takes the whole of a caller's own secret as the key, even if it begins with whsec_ but is not canonical base64", () => {
    for (const secret of ['a secret of my own, long enough', 'whsec_not base64!!', 'whsec_QUJDR', 'whsec_']) {
      const { 'webhook-signature': signature } = signatureHeaders(secret, 'dlv_1', 1_790_000_000, body)
      const raw = new Webhook(secret, { format: 'raw' })
      expect(signature).toBe(raw.sign('dlv_1', new Date(1_790_000_000_000), body.toString()))
    }
  })

  it('covers the raw bytes, not their text', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    const { 'webhook-signature': signature } = signatureHeaders('a secret of my own', 'd', 1, bytes)
    const expected = createHmac('sha256', 'a secret of my own')
      .update(Buffer.concat([Buffer.from('d.1.'), bytes]))
      .digest('base64')
    expect(signature).toBe(`v1,${expected}`)
  })

  it('has generated secrets of 24 random bytes', () => {
    const secret = generateSecret(createSystemRandom())
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
    expect(generateSecret(createSystemRandom())).not.toBe(secret)
  })
})
