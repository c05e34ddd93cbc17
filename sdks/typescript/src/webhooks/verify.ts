/**
 * Verifies that a request comes from Clarion, for every signature profile, in constant time. It never throws: a request
 * that cannot be verified is not genuine.
 */
import { timingSafeEqual } from 'node:crypto'
import { bodyBytes, type WebhookBody } from './body.ts'
import type { HeadersLike } from './headers.ts'
import { hmacOf, isPublicKey, signedBy } from './keys.ts'
import { type Claim, readClaim, SIGNATURE_PROFILES, type SignatureProfile } from './profiles.ts'

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
  return refusalReason(rawBody, headerOrHeaders, secret, options) === undefined
}

/** Why a signature is refused; it says nothing of the secret. */
export type RefusalReason =
  | 'not_bytes'
  | 'unknown_profile'
  | 'header_missing'
  | 'no_secret'
  | 'signature_malformed'
  | 'too_old'
  | 'too_new'
  | 'other_secret_or_body'

/** As `verifyWebhookSignature`, with the reason; undefined: the request is genuine. It never throws. */
export function refusalReason(
  rawBody: WebhookBody,
  headerOrHeaders: HeadersLike,
  secret: string | readonly string[],
  options: VerifyOptions = {},
): RefusalReason | undefined {
  try {
    const body = bodyBytes(rawBody)
    if (body === undefined) return 'not_bytes'
    if (options.profile !== undefined && !SIGNATURE_PROFILES.includes(options.profile)) return 'unknown_profile'
    const claim = readClaim(headerOrHeaders, options.profile)
    if (claim === undefined) return 'header_missing'
    const secrets = secretsOf(secret)
    if (secrets.length === 0) return 'no_secret'
    if (claim.macs.length === 0 && claim.ed25519.length === 0) return 'signature_malformed'
    return lateness(claim, options) ?? (fits(claim, secrets, body) ? undefined : 'other_secret_or_body')
  } catch {
    return 'signature_malformed'
  }
}

const fits = (claim: Claim, secrets: readonly string[], body: Uint8Array): boolean =>
  secrets.filter(each => matches(claim, each, body)).length > 0

function lateness(
  { timestampS }: Claim,
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now }: VerifyOptions,
): 'too_old' | 'too_new' | undefined {
  if (timestampS === undefined) return undefined
  const nowS = Math.floor(Number(typeof now === 'function' ? now() : now) / 1_000)
  // A time or tolerance that is no number refuses.
  if (Math.abs(nowS - timestampS) <= toleranceSeconds) return undefined
  return timestampS > nowS ? 'too_new' : 'too_old'
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
