/** Deliveries signed by the platform's own code, and what a verifier has to say of each. */
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { createSigner } from '../../src/delivery/profiles/index.ts'
import { generateSecret } from '../../src/delivery/sign.ts'

export interface Vector {
  what: string
  secret: string
  /** The key is the whole secret as text, not the bytes that its base64 encodes. */
  rawKey: boolean
  headers: Record<string, string>
  /** Base64. */
  body: string
  genuine: boolean
}

/** Each request also carries an Ed25519 signature, which these verifiers have to pass over. */
const SEED = Buffer.alloc(32, 1)
const STALE_SECONDS = 3_600
const BODIES = {
  'a plain body': '{"type":"order.created","data":{"total":12.50}}',
  'numbers and letters that parsers change': '{"n":12345678901234567890,"s":"größer 🦊\\u0000","e":1e400}',
  'an empty object': '{}',
  'a body of 256 KB': JSON.stringify({ pad: 'ü'.repeat(128 * 1024) }),
}

export function createVectors(): Vector[] {
  const random = createSystemRandom()
  const nowS = Math.floor(createSystemClock().nowMs() / 1_000)
  const [secret, former, other] = [generateSecret(random), generateSecret(random), generateSecret(random)]
  const id = `dlv_${random.bytes(16).toString('hex')}`
  const sign = (by: readonly string[], body: Buffer, timestampS = nowS): Record<string, string> => {
    const headers: Record<string, string> = {}
    const signatories = by.map(each => ({ secret: each, seed: () => SEED }))
    createSigner(['standard', 'ed25519'], signatories)(
      { deliveryId: id, timestamp: String(timestampS), body, eventType: 'order.created' },
      headers,
    )
    return headers
  }
  const plain = Buffer.from(BODIES['a plain body'])
  const vector = (
    what: string,
    by: string,
    headers: Record<string, string>,
    body: Buffer,
    genuine: boolean,
    rawKey = false,
  ): Vector => ({
    what,
    secret: by,
    rawKey,
    headers,
    body: body.toString('base64'),
    genuine,
  })
  const signed = sign([secret], plain)
  const rotating = sign([secret, former], plain)
  const bodies = Object.entries(BODIES).map(([what, text]) => [what, Buffer.from(text)] as const)
  const own = ['a secret of my own, long enough', 'whsec_not base64!!']
  return [
    ...bodies.map(([what, body]) => vector(what, secret, sign([secret], body), body, true)),
    ...own.map(by => vector(`the caller's own secret '${by}'`, by, sign([by], plain), plain, true, true)),
    vector('two signatures, by the new secret', secret, rotating, plain, true),
    vector('two signatures, by the former secret', former, rotating, plain, true),
    vector('two signatures, by neither', other, rotating, plain, false),
    vector('another secret', other, signed, plain, false),
    vector('another body', secret, signed, Buffer.from(`${plain} `), false),
    vector('another id', secret, { ...signed, 'webhook-id': `${id}x` }, plain, false),
    vector('another time', secret, { ...signed, 'webhook-timestamp': String(nowS - 1) }, plain, false),
    vector('an hour old', secret, sign([secret], plain, nowS - STALE_SECONDS), plain, false),
    vector('no signature', secret, { 'webhook-id': id, 'webhook-timestamp': String(nowS) }, plain, false),
  ]
}
