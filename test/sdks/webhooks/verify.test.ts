import { createHmac, generateKeyPairSync, sign as signEd25519 } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { signatureHeaders, verifyWebhookSignature } from '../../../sdks/typescript/src/webhooks/index.ts'
import { SIGNATURE_PROFILES } from '../../../sdks/typescript/src/webhooks/profiles.ts'
import { createSystemRandom } from '../../../src/clock.ts'
import { privateKeyOf, publicKeyText } from '../../../src/delivery/profiles/ed25519.ts'
import { createSigner } from '../../../src/delivery/profiles/index.ts'
import { generateSecret, signatureHeaders as platformHeaders } from '../../../src/delivery/sign.ts'

const NOW_S = 1_790_000_000
const now = NOW_S * 1_000
const body = '{"type":"order.created","data":{"n":12345678901234567890,"s":"größer"}}'
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const hex = (text: string | Buffer, key = secret) => createHmac('sha256', key).update(text).digest('hex')
const base64 = (text: string, key: Buffer) => createHmac('sha256', key).update(text).digest('base64')
const standard = (key: Buffer, id = 'dlv_1', timestamp = String(NOW_S)) => ({
  'webhook-id': id,
  'webhook-timestamp': timestamp,
  'webhook-signature': `v1,${base64(`${id}.${timestamp}.${body}`, key)}`,
})
const decoded = Buffer.from(secret.slice(6), 'base64')

describe('a request that the platform signs', () => {
  const message = { deliveryId: 'dlv_1', timestamp: String(NOW_S), body: Buffer.from(body), eventType: 'order.created' }
  const signatory = (by: string) => ({ secret: by, seed: () => createHmac('sha256', 'seed').update(by).digest() })
  const publicKey = (by: string) => publicKeyText(privateKeyOf(signatory(by).seed()))
  const [young, former] = ['whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', 'a former secret of my own']

  it.each(SIGNATURE_PROFILES)('is genuine in the profile %s, during a rotation by either secret', profile => {
    const sign = (...by: string[]) => {
      const headers: Record<string, string> = {}
      createSigner([profile], by.map(signatory))(message, headers)
      return (verifier: string) =>
        verifyWebhookSignature(body, headers, profile === 'ed25519' ? publicKey(verifier) : verifier, { profile, now })
    }
    const [alone, rotating] = [sign(young), sign(young, former)]
    expect([alone(young), alone(former)]).toEqual([true, false])
    expect([rotating(young), rotating(former), rotating('another secret of mine')]).toEqual([true, true, false])
  })

  it('is genuine in each of several profiles of one request', () => {
    const headers: Record<string, string> = {}
    createSigner(SIGNATURE_PROFILES, [signatory(young)])(message, headers)
    for (const profile of SIGNATURE_PROFILES)
      expect(verifyWebhookSignature(body, headers, [publicKey(young), young], { profile, now })).toBe(true)
  })
})

describe('profile standard', () => {
  it('takes the HMAC of id, timestamp and body, under the bytes after whsec_', () => {
    expect(verifyWebhookSignature(body, standard(decoded), secret, { now })).toBe(true)
    expect(verifyWebhookSignature(body, standard(Buffer.from(secret)), secret, { now })).toBe(false)
  })

  it.each(['a secret of my own, long enough', 'whsec_not base64!!', 'whsec_QUJDR', 'whsec_QUJDRB==', 'whsec_'])(
    'takes the whole of %s as the key, since what follows whsec_ is not canonical base64',
    own => expect(verifyWebhookSignature(body, standard(Buffer.from(own)), own, { now })).toBe(true),
  )

  it('takes the platform’s signatures', () => {
    const generated = generateSecret(createSystemRandom())
    for (const each of [generated, 'a secret of my own, long enough', 'whsec_not base64!!']) {
      const headers = { ...platformHeaders(each, 'dlv_1', NOW_S, Buffer.from(body)) }
      expect(verifyWebhookSignature(body, headers, each, { now })).toBe(true)
    }
  })

  it('takes either of two signatures with either of two secrets, as during a rotation, and no third', () => {
    const headers = signatureHeaders(body, {
      secrets: ['new secret of mine', 'old secret of mine'],
      id: 'dlv_1',
      timestampS: NOW_S,
    })
    const verify = (secrets: string | string[]) => verifyWebhookSignature(body, headers, secrets, { now })
    expect([
      verify('new secret of mine'),
      verify('old secret of mine'),
      verify(['x'.repeat(20), 'old secret of mine']),
    ]).toEqual([true, true, true])
    expect([verify('x'.repeat(20)), verify([]), verify(''), verify([''])]).toEqual([false, false, false, false])
  })

  it('takes a timestamp up to the tolerance away, in the past or the future, and none beyond', () => {
    const at = (offsetS: number, options: { toleranceSeconds?: number } = {}) =>
      verifyWebhookSignature(body, standard(decoded), secret, { now: () => (NOW_S + offsetS) * 1_000, ...options })
    const ten = { toleranceSeconds: 10 }
    expect([at(300), at(-300), at(10, ten), at(-10, ten)]).toEqual([true, true, true, true])
    expect([at(301), at(-301), at(11, ten), at(-11, ten)]).toEqual([false, false, false, false])
    expect([at(0, { toleranceSeconds: Number.NaN }), at(Number.NaN)]).toEqual([false, false])
    expect(verifyWebhookSignature(body, standard(decoded), secret)).toBe(false)
    const recent = standard(decoded, 'dlv_1', String(Math.floor(performance.timeOrigin / 1_000)))
    expect(verifyWebhookSignature(body, recent, secret, { toleranceSeconds: 3_600 })).toBe(true)
  })

  it('refuses another id, timestamp or body', () => {
    const headers = standard(decoded)
    const verify = (changed: object, text = body) =>
      verifyWebhookSignature(text, { ...headers, ...changed }, secret, { now })
    expect([
      verify({ 'webhook-id': 'dlv_2' }),
      verify({ 'webhook-timestamp': String(NOW_S - 1) }),
      verify({}, `${body} `),
    ]).toEqual([false, false, false])
  })

  it.each([
    ['no id', { 'webhook-id': undefined }],
    ['no timestamp', { 'webhook-timestamp': undefined }],
    ['no signature', { 'webhook-signature': undefined }],
    ['an empty signature', { 'webhook-signature': '' }],
    ['a timestamp that is no number', { 'webhook-timestamp': `${NOW_S}x` }],
    ['a negative timestamp', { 'webhook-timestamp': `-${NOW_S}` }],
    [
      'a signature of another version',
      { 'webhook-signature': standard(decoded)['webhook-signature'].replace('v1,', 'v2,') },
    ],
    ['half a signature', { 'webhook-signature': standard(decoded)['webhook-signature'].slice(0, 20) }],
    ['a signature in hex', { 'webhook-signature': `v1,${hex(`dlv_1.${NOW_S}.${body}`)}` }],
    ['two different signatures headers', { 'webhook-signature': [standard(decoded)['webhook-signature'], 'v1,x'] }],
  ])('answers false for %s', (_what, changed) => {
    expect(verifyWebhookSignature(body, { ...standard(decoded), ...changed }, secret, { now })).toBe(false)
  })
})

describe('Ed25519', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
  const whpk = `whpk_${raw.toString('base64')}`
  const signed = signEd25519(null, Buffer.from(`dlv_1.${NOW_S}.${body}`), privateKey).toString('base64')
  const headers = {
    'webhook-id': 'dlv_1',
    'webhook-timestamp': String(NOW_S),
    'webhook-signature': `v1,${'A'.repeat(43)}= v1a,${signed}`,
  }

  it('takes a v1a signature with the public key', () => {
    expect(verifyWebhookSignature(body, headers, whpk, { now })).toBe(true)
    expect(verifyWebhookSignature(`${body} `, headers, whpk, { now })).toBe(false)
    expect(verifyWebhookSignature(body, headers, [secret, whpk], { now })).toBe(true)
  })

  it('never takes the public key for a secret: anybody who knows it could sign', () => {
    for (const key of [Buffer.from(whpk), raw])
      expect(verifyWebhookSignature(body, standard(key), whpk, { now })).toBe(false)
    expect(verifyWebhookSignature(body, standard(Buffer.from('whpk_short')), 'whpk_short', { now })).toBe(false)
    expect(
      verifyWebhookSignature(body, { 'x-platforma-signature': hex(body, whpk) }, whpk, { profile: 'platforma' }),
    ).toBe(false)
  })
})

describe('the profiles over the body alone', () => {
  const names = {
    platforma: 'x-platforma-signature',
    platphorm: 'X-Platphorm-Signature',
    relay: 'X-Caldera-Signature',
  } as const
  it.each(['platforma', 'platphorm', 'relay'] as const)(
    '%s: hex with or without sha256=, under the whole secret as text',
    profile => {
      for (const value of [hex(body), `sha256=${hex(body)}`]) {
        expect(verifyWebhookSignature(body, { [names[profile]]: value }, secret, { profile })).toBe(true)
        expect(verifyWebhookSignature(body, value, secret, { profile })).toBe(true)
        expect(verifyWebhookSignature(body, value, secret)).toBe(true)
      }
      expect(
        verifyWebhookSignature(
          body,
          { [names[profile]]: createHmac('sha256', decoded).update(body).digest('hex') },
          secret,
          { profile },
        ),
      ).toBe(false)
    },
  )

  it('relay: takes either of the two names', () => {
    for (const name of ['x-platformxe-signature', 'x-caldera-signature'])
      expect(verifyWebhookSignature(body, { [name]: `sha256=${hex(body)}` }, secret, { profile: 'relay' })).toBe(true)
  })

  it('relay: rubbish under one name does not hide a valid signature under the other', () => {
    const headers = {
      'x-platformxe-signature': `sha256=${'z'.repeat(64)}`,
      'x-caldera-signature': `sha256=${hex(body)}`,
    }
    expect(verifyWebhookSignature(body, headers, secret, { profile: 'relay' })).toBe(true)
  })

  it.each([
    ['a missing header', undefined],
    ['null, as Headers.get answers', null],
    ['nothing', ''],
    ['only the prefix', 'sha256='],
    ['bad hex', 'z'.repeat(64)],
    ['hex cut short', hex(body).slice(0, 62)],
    ['hex with more behind it', `${hex(body)}00`],
    ['hex that ends in rubbish', `${hex(body).slice(0, 63)}z`],
    ['the signature of another body', hex(`${body} `)],
    ['another prefix', `sha1=${hex(body)}`],
  ])('answers false for %s', (_what, value) => {
    expect(verifyWebhookSignature(body, value, secret)).toBe(false)
    for (const profile of ['platforma', 'platphorm', 'relay'] as const) {
      expect(verifyWebhookSignature(body, value, secret, { profile })).toBe(false)
      expect(verifyWebhookSignature(body, { [names[profile]]: value ?? undefined }, secret, { profile })).toBe(false)
    }
  })

  it('are ignored unless the caller names them: they carry no time, so an old request would pass again', () => {
    expect(verifyWebhookSignature(body, { 'x-platforma-signature': hex(body) }, secret)).toBe(false)
  })
})

describe('profile event', () => {
  const headers = { 'X-Event-Signature': hex(`${NOW_S}.${body}`), 'X-Event-Timestamp': String(NOW_S) }
  const verify = (given: Record<string, string>, nowMs = now) =>
    verifyWebhookSignature(body, given, secret, { profile: 'event', now: nowMs })

  it('takes the hex HMAC of timestamp and body, while it is recent', () => {
    expect([verify(headers), verify(headers, now + 300_000)]).toEqual([true, true])
    expect([verify(headers, now + 301_000), verify({ ...headers, 'X-Event-Timestamp': String(NOW_S + 1) })]).toEqual([
      false,
      false,
    ])
    expect(verify({ 'X-Event-Signature': headers['X-Event-Signature'] })).toBe(false)
    expect(verifyWebhookSignature(body, headers['X-Event-Signature'], secret, { profile: 'event', now })).toBe(false)
  })
})
