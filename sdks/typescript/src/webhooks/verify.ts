/**
 * Verifies that a request comes from Clarion, for every signature profile, in constant time. It never throws: a request
 * that cannot be verified is not genuine.
 */
import { timingSafeEqual } from 'node:crypto'
import { bodyBytes, type WebhookBody } from './body.ts'
import type { HeadersLike } from './headers.ts'
import { hmacOf, isPublicKey, signedBy } from './keys.ts'
import { type Claim, readClaim, type SignatureProfile } from './profiles.ts'

export interface VerifyOptions {
  /**
   * The signature profile of the webhook. Default `standard`; a lone header value belongs to `platforma`, `platphorm`
   * or `relay`.
   */
  profile?: SignatureProfile
  /**
   * Largest difference of a signed timestamp from now, in seconds, either way. Default 300. `platforma`, `platphorm`
   * and `relay` sign none.
   */
  toleranceSeconds?: number
  /**
   * The current time in milliseconds since 1970 (a number, a Date, or a function that returns one). Default: the
   * machine's clock.
   */
  now?: number | Date | (() => number | Date)
}

const TOLERANCE_SECONDS = 300

/**
 * Whether `rawBody` was signed with one of the secrets.
 *
 * @param rawBody the body as it came in: bytes or text. A parsed body is taken only if `rawBody()` kept the bytes it was parsed from.
 * @param headerOrHeaders the request's headers (Node's object, `Headers`, a Map), or the value of the one signature header.
 * @param secret one secret or several, any of which may match (as during a rotation); `whpk_…` is a public key for signatures `v1a`.
 */
export function verifyWebhookSignature(
  rawBody: WebhookBody,
  headerOrHeaders: HeadersLike,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): boolean {
  try {
    const body = bodyBytes(rawBody)
    const claim = readClaim(headerOrHeaders, options.profile)
    if (body === undefined || claim === undefined || !isRecent(claim, options)) return false
    return [...secretsOf(secret)].filter(each => matches(claim, each, body)).length > 0
  } catch {
    return false
  }
}

function isRecent(
  { timestampS }: Claim,
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now }: VerifyOptions,
): boolean {
  if (timestampS === undefined) return true
  const nowS = Math.floor(Number(typeof now === 'function' ? now() : now) / 1_000)
  return Math.abs(nowS - timestampS) <= toleranceSeconds
}

/** Compares with every signature, matching or not, so that the time reveals nothing. A public key is never a secret. */
function matches(claim: Claim, secret: string, body: Uint8Array): boolean {
  if (isPublicKey(secret))
    return claim.ed25519.filter(signature => signedBy(secret, claim.signedBefore, body, signature)).length > 0
  const expected = hmacOf(secret, claim.keyForm, claim.signedBefore, body)
  return claim.macs.filter(mac => timingSafeEqual(mac, expected)).length > 0
}

const secretsOf = (secret: string | readonly string[]): readonly string[] =>
  (typeof secret === 'string' ? [secret] : secret).filter(each => typeof each === 'string' && each !== '')
