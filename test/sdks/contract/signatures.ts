/** Signatures of the platform and of others, and what every kit has to say of each. */
import { createHmac } from 'node:crypto'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import type { Signature } from '../../../sdks/contract/kit.ts'
import { SIGNATURE_PROFILES, type SignatureProfile } from '../../../sdks/typescript/src/webhooks/profiles.ts'
import { privateKeyOf, publicKeyText } from '../../../src/delivery/profiles/ed25519.ts'
import { createSigner } from '../../../src/delivery/profiles/index.ts'

interface Vector extends Signature {
  name: string
  genuine: boolean
}

const NOW_S = 1_790_000_000
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const FORMER = 'a former secret of my own'
const OTHER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'
const BODY = Buffer.from('{"type":"order.created","data":{"n":12345678901234567890,"s":"größer"}}')
const BINARY = Buffer.from([0, 255, 13, 10, 128])

const signatory = (by: string) => ({ secret: by, seed: () => createHmac('sha256', 'seed').update(by).digest() })
const publicKey = (by: string) => publicKeyText(privateKeyOf(signatory(by).seed()))

function signed(profile: SignatureProfile, by: string[], body = BODY): Array<[string, string]> {
  const headers: Record<string, string> = {}
  const message = { deliveryId: 'dlv_1', timestamp: String(NOW_S), body, eventType: 'order.created' }
  createSigner([profile], by.map(signatory))(message, headers)
  return Object.entries(headers)
}

const verifier = (profile: SignatureProfile, by: string) => (profile === 'ed25519' ? publicKey(by) : by)
const vector = (name: string, genuine: boolean, more: Partial<Vector>): Vector => ({
  ...{ name, genuine, body: BODY, headers: signed('standard', [SECRET]), secrets: [SECRET], nowS: NOW_S },
  ...more,
})
const without = (headers: Array<[string, string]>, name: string) =>
  headers.filter(([each]) => each.toLowerCase() !== name)
const withValue = (headers: Array<[string, string]>, name: string, change: (value: string) => string) =>
  headers.map(([each, value]): [string, string] => [each, each.toLowerCase() === name ? change(value) : value])

const ofProfiles = SIGNATURE_PROFILES.flatMap(profile => {
  const headers = signed(profile, [SECRET])
  const rotating = signed(profile, [SECRET, FORMER])
  const of = (name: string, genuine: boolean, more: Partial<Vector>) =>
    vector(`${profile}: ${name}`, genuine, { profile, headers, secrets: [verifier(profile, SECRET)], ...more })
  return [
    of('signed by the platform', true, {}),
    of('another secret', false, { secrets: [verifier(profile, OTHER)] }),
    of('another body', false, { body: Buffer.concat([BODY, Buffer.from(' ')]) }),
    of('bytes that are no text', true, { body: BINARY, headers: signed(profile, [SECRET], BINARY) }),
    of('a rotation, the new secret', true, { headers: rotating }),
    of('a rotation, the former secret', true, { headers: rotating, secrets: [verifier(profile, FORMER)] }),
    of('one of several secrets', true, { secrets: [OTHER, verifier(profile, SECRET)] }),
    of('no secret', false, { secrets: [] }),
    of('an empty secret', false, { secrets: [''] }),
    of('no headers', false, { headers: [] }),
    of('names of headers in capitals', true, { headers: headers.map(([name, value]) => [name.toUpperCase(), value]) }),
    of('the public key as a secret', profile === 'ed25519', { secrets: [publicKey(SECRET)] }),
  ]
})

const standard = signed('standard', [SECRET])
const svix = new SvixWebhook(SECRET)
const others = new StandardWebhook(SECRET)
const at = new Date(NOW_S * 1_000)
const byOthers = (signature: string): Array<[string, string]> => [
  ['webhook-id', 'msg_1'],
  ['webhook-timestamp', String(NOW_S)],
  ['webhook-signature', signature],
]

export const SIGNATURES: Vector[] = [
  ...ofProfiles,
  vector('signed by Svix', true, { headers: byOthers(svix.sign('msg_1', at, BODY.toString())) }),
  vector('signed by Standard Webhooks', true, { headers: byOthers(others.sign('msg_1', at, BODY.toString())) }),
  vector('300 seconds old', true, { nowS: NOW_S + 300 }),
  vector('301 seconds old', false, { nowS: NOW_S + 301 }),
  vector('301 seconds ahead', false, { nowS: NOW_S - 301 }),
  vector('an hour old with a tolerance of two', true, { nowS: NOW_S + 3_600, toleranceSeconds: 7_200 }),
  vector('event: 301 seconds old', false, { profile: 'event', headers: signed('event', [SECRET]), nowS: NOW_S + 301 }),
  ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(name =>
    vector(`without ${name}`, false, { headers: without(standard, name) }),
  ),
  vector('a header twice with one value', true, { headers: [...standard, ...standard] }),
  vector('an id twice with two values', false, { headers: [...standard, ['webhook-id', 'dlv_2']] }),
  vector('a time that is no number', false, { headers: withValue(standard, 'webhook-timestamp', () => '1e9') }),
  vector('a time with a sign', false, { headers: withValue(standard, 'webhook-timestamp', value => `+${value}`) }),
  vector('base64 that is not canonical', false, {
    headers: withValue(standard, 'webhook-signature', value => value.replace(/=$/, '')),
  }),
  vector('base64 of the web', false, {
    headers: withValue(standard, 'webhook-signature', value => value.replace(/[+/]/g, '-')),
    secrets: [OTHER],
  }),
  vector('a version that nobody knows before it', true, {
    headers: withValue(standard, 'webhook-signature', value => `v9,abc ${value}`),
  }),
  vector('sixty-four signatures before it', false, {
    headers: withValue(standard, 'webhook-signature', value => `${'v1,QUJD '.repeat(64)}${value}`),
  }),
  ...(['platforma', 'platphorm', 'event', 'relay'] as const).map(profile =>
    vector(`${profile}: hex with a letter too many`, false, {
      profile,
      headers: signed(profile, [SECRET]).map(([name, value]) => [name, /signature/i.test(name) ? `${value}g` : value]),
    }),
  ),
  ...(['platforma', 'platphorm', 'relay'] as const).map(profile =>
    vector(`${profile}: the value of its header alone`, true, { profile, headers: signed(profile, [SECRET])[0]![1] }),
  ),
  vector('the value of a header alone, of no profile', true, { headers: signed('platforma', [SECRET])[0]![1] }),
  vector('standard: the value of its header alone', false, { profile: 'standard', headers: standard.at(-1)![1] }),
  vector('event: the value of its header alone', false, {
    profile: 'event',
    headers: signed('event', [SECRET])[0]![1],
  }),
  vector('a profile that nobody knows', false, { profile: 'unheard' }),
  ...['a secret of my own, long enough', 'whsec_not base64!!', 'whsec_QUJDR', 'whsec_'].map(own =>
    vector(`the secret ${own}`, true, { headers: signed('standard', [own]), secrets: [own] }),
  ),
]
