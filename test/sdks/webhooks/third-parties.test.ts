/** Signatures of the platform and the kit, verified by other libraries, and theirs, verified by the kit. */
import { describe, expect, it } from '@jest/globals'
import { sign as octokitSign, verify as octokitVerify, verifyWithFallback } from '@octokit/webhooks-methods'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { signatureHeaders, verifyWebhookSignature } from '../../../sdks/typescript/src/webhooks/index.ts'
import { createSystemClock, createSystemRandom } from '../../../src/clock.ts'
import { generateSecret, signatureHeaders as platformHeaders } from '../../../src/delivery/sign.ts'

const body = '{"type":"order.created","data":{"n":12345678901234567890,"s":"größer"}}'
const timestampS = Math.floor(createSystemClock().nowMs() / 1_000)
const random = createSystemRandom()
const [secret, former] = [generateSecret(random), generateSecret(random)]

describe('the test vector that Standard Webhooks publishes', () => {
  const vector = {
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    body: '{"test": 2432232314}',
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  }

  it('is that of the platform and the kit, and the kit accepts it', () => {
    const [id, timestampS] = [vector.headers['webhook-id'], 1_614_265_330]
    expect({ ...platformHeaders(vector.secret, id, timestampS, Buffer.from(vector.body)) }).toEqual(vector.headers)
    expect(signatureHeaders(vector.body, { secrets: [vector.secret], id, timestampS })).toEqual(vector.headers)
    expect(verifyWebhookSignature(vector.body, vector.headers, vector.secret, { now: timestampS * 1_000 })).toBe(true)
  })
})

describe.each([
  ['standardwebhooks', StandardWebhook],
  ['svix', SvixWebhook],
] as const)('%s', (_name, Webhook) => {
  const verified = (headers: Record<string, string>, by: string) => {
    try {
      return new Webhook(by).verify(body, headers) !== undefined
    } catch {
      return false
    }
  }

  it('verifies the platform’s signatures, and no others', () => {
    const headers = { ...platformHeaders(secret, 'dlv_1', timestampS, Buffer.from(body)) }
    expect([
      verified(headers, secret),
      verified(headers, former),
      verified({ ...headers, 'webhook-id': 'dlv_2' }, secret),
    ]).toEqual([true, false, false])
  })

  it('finds either of two signatures, as during a rotation', () => {
    const headers = signatureHeaders(body, { secrets: [secret, former], id: 'dlv_1', timestampS })
    expect([verified(headers, secret), verified(headers, former), verified(headers, generateSecret(random))]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('signs requests that the kit verifies', () => {
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(timestampS),
      'webhook-signature': new Webhook(secret).sign('msg_1', new Date(timestampS * 1_000), body),
    }
    expect(verifyWebhookSignature(body, headers, secret)).toBe(true)
    expect(verifyWebhookSignature(body, headers, former)).toBe(false)
  })
})

describe('@octokit/webhooks-methods, which has the shape of platphorm and relay', () => {
  it('verifies the kit’s signatures', async () => {
    for (const [profile, name] of [
      ['platphorm', 'x-platphorm-signature'],
      ['relay', 'x-platformxe-signature'],
    ] as const) {
      // biome-ignore format: a table
      const signature = signatureHeaders(body, { secrets: [secret], id: 'dlv_1', timestampS, profile })[name]!
      expect(await octokitVerify(secret, body, signature)).toBe(true)
      expect(await octokitVerify(former, body, signature)).toBe(false)
      expect(await verifyWithFallback(former, body, signature, [secret])).toBe(true)
    }
  })

  it('signs requests that the kit verifies', async () => {
    const signature = await octokitSign(secret, body)
    expect(verifyWebhookSignature(body, signature, secret, { profile: 'platphorm' })).toBe(true)
    expect(
      verifyWebhookSignature(body, { 'x-caldera-signature': signature }, [former, secret], { profile: 'relay' }),
    ).toBe(true)
    expect(verifyWebhookSignature(body, signature, former)).toBe(false)
  })
})
