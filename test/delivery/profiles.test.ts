import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { Webhook as Standard } from 'standardwebhooks'
import { Webhook as Svix } from 'svix'
import { verifyWebhookSignature } from '../../sdks/typescript/src/webhooks/index.ts'
import { privateKeyOf, publicKeyText } from '../../src/delivery/profiles/ed25519.ts'
import { generateSecret } from '../../src/delivery/sign.ts'
import { signatory } from '../../src/delivery/signing-context.ts'
import { SIGNATURE_PROFILES, type SignatureProfile } from '../../src/model/webhooks.ts'
import { build, nowMs, random, secrets, webhookWith } from './receiving.ts'

const secret = generateSecret(random)
const former = generateSecret(random)
const ending = (ms: number) => ({
  previousEncryptedSecret: secrets.encrypt(former),
  previousSecretExpiresAt: new Date(nowMs + ms).toISOString(),
})
const requestOf = (signatureProfiles: SignatureProfile[], more = {}) =>
  build(webhookWith(secret, { signatureProfiles, ...more }))
const hmac = (key: string, ...parts: Array<string | Buffer>) =>
  parts.reduce((sum, part) => sum.update(part), createHmac('sha256', key)).digest('hex')
const SINGLE = [
  ['platforma', ['x-platforma-signature'], (key: string, body: Buffer) => hmac(key, body)],
  ['platphorm', ['X-Platphorm-Signature'], (key: string, body: Buffer) => `sha256=${hmac(key, body)}`],
  [
    'relay',
    ['X-Platformxe-Signature', 'X-Caldera-Signature'],
    (key: string, body: Buffer) => `sha256=${hmac(key, body)}`,
  ],
  ['event', ['X-Event-Signature'], (key: string, body: Buffer) => hmac(key, `${Math.floor(nowMs / 1000)}.`, body)],
] as const

describe('the profile standard', () => {
  it('is taken by the reference library and by another one', () => {
    const { body, headers } = requestOf(['standard'])
    expect(() => new Standard(secret).verify(body, headers)).not.toThrow()
    expect(() => new Svix(secret).verify(body, headers)).not.toThrow()
  })

  it('carries a signature by each secret during a rotation, the new one first, and one after it', () => {
    const { body, headers } = requestOf(['standard'], ending(1))
    expect(headers['webhook-signature']!.split(' ')).toHaveLength(2)
    for (const each of [secret, former]) expect(() => new Standard(each).verify(body, headers)).not.toThrow()
    const after = requestOf(['standard'], ending(0))
    expect(() => new Standard(secret).verify(after.body, after.headers)).not.toThrow()
    expect(() => new Standard(former).verify(after.body, after.headers)).toThrow()
  })
})

describe('the profile ed25519', () => {
  const publicKey = publicKeyText(privateKeyOf(signatory(secrets, 'wh_1', secret).seed()))

  it('is checked by the public key alone', () => {
    expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/)
    const { body, headers } = requestOf(['ed25519'])
    expect(verified(publicKey, headers, body)).toBe(true)
    expect(verified(publicKey, headers, Buffer.from(`${body} `))).toBe(false)
  })

  it('shares one header with the standard one, by both keys during a rotation', () => {
    const { body, headers } = requestOf(['standard', 'ed25519'], ending(1))
    expect(headers['webhook-signature']!.split(' ').map(each => each.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a'])
    expect(() => new Standard(secret).verify(body, headers)).not.toThrow()
    const formerKey = publicKeyText(privateKeyOf(signatory(secrets, 'wh_1', former).seed()))
    expect([verified(publicKey, headers, body), verified(formerKey, headers, body)]).toEqual([true, true])
  })

  it('has a key pair for each webhook and each secret', () => {
    const pairs = [
      ['wh_1', secret],
      ['wh_2', secret],
      ['wh_1', former],
    ] as const
    expect(new Set(pairs.map(([id, text]) => signatory(secrets, id, text).seed().toString('hex'))).size).toBe(3)
  })
})

describe.each(SINGLE)('the profile %s', (profile, names, expected) => {
  it('signs with the whole secret as text, whatever it looks like', () => {
    for (const own of [secret, 'a secret of my own, größer', 'whsec_QUJD']) {
      const { body, headers } = build(webhookWith(own, { signatureProfiles: [profile] }))
      for (const name of names) expect([name, headers[name]]).toEqual([name, expected(own, body)])
      expect(headers).not.toHaveProperty('webhook-signature')
    }
  })

  it('during a rotation keeps the former signature in its place until it ends, and carries the new one beside it', () => {
    const { body, headers } = requestOf([profile], ending(1))
    for (const name of names) {
      expect([headers[name], headers[`${name}-Next`]]).toEqual([expected(former, body), expected(secret, body)])
    }
    const after = requestOf([profile], ending(0))
    for (const name of names) {
      expect(after.headers[name]).toBe(expected(secret, after.body))
      expect(after.headers).not.toHaveProperty(`${name}-Next`)
    }
  })
})

it('the profile event names the type and the time that it signed', () => {
  const { headers } = requestOf(['event'])
  expect(headers).toMatchObject({
    'X-Event-Timestamp': String(Math.floor(nowMs / 1000)),
    'X-Event-Type': 'shop.order_paid',
    'X-Event-Id': 'evt_1',
  })
})

describe("the SDK's verification takes every profile", () => {
  const verifiedBy = (profile: SignatureProfile, keys: string[], more = {}) => {
    const { body, headers } = requestOf([profile], more)
    return verifyWebhookSignature(body, headers, keys, {
      profile: profile === 'ed25519' ? 'standard' : profile,
      now: nowMs,
    })
  }

  it.each(SIGNATURE_PROFILES)('%s', profile => {
    const key = (text: string) =>
      profile === 'ed25519' ? publicKeyText(privateKeyOf(signatory(secrets, 'wh_1', text).seed())) : text
    expect([verifiedBy(profile, [key(secret)]), verifiedBy(profile, [key(former)])]).toEqual([true, false])
    expect(verifiedBy(profile, [key(secret), key(former)], ending(1))).toBe(true)
    expect(verifiedBy(profile, [key(former)], ending(1))).toBe(true)
    expect(verifiedBy(profile, [key(former)], ending(0))).toBe(false)
  })
})

it("the original's own sample code takes a request signed for platphorm", () => {
  const { body, headers } = requestOf(['platphorm'])
  expect(verifyAsInTheSample(body.toString(), headers['X-Platphorm-Signature']!, secret)).toBe(true)
  expect(verifyAsInTheSample(`${body} `, headers['X-Platphorm-Signature']!, secret)).toBe(false)
})

it('several profiles sign one request', () => {
  const { body, headers } = requestOf(['platphorm', 'standard', 'event'])
  expect(() => new Standard(secret).verify(body, headers)).not.toThrow()
  expect(Object.keys(headers)).toEqual(
    expect.arrayContaining(['X-Platphorm-Signature', 'webhook-signature', 'X-Event-Signature']),
  )
})

function verified(publicKey: string, headers: Record<string, string>, body: Buffer): boolean {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])
  const signatures = headers['webhook-signature']!.split(' ').filter(each => each.startsWith('v1a,'))
  return signatures.some(each => verify(null, signed, key, Buffer.from(each.slice(4), 'base64')))
}

/** `platphorm-webhooks.txt`, Signature Verification. */
function verifyAsInTheSample(payload: string, signature: string, key: string): boolean {
  const expectedSignature = createHmac('sha256', key).update(payload).digest('hex')
  const signatureBuffer = Buffer.from(signature.replace('sha256=', ''), 'hex')
  const expectedBuffer = Buffer.from(expectedSignature, 'hex')
  return timingSafeEqual(signatureBuffer, expectedBuffer)
}
