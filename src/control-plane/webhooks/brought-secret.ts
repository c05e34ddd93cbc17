/**
 * Secrets that a caller brings for a webhook. Receivers turn a secret into key bytes with decoders of many kinds, which
 * agree only about canonical base64 and about plain text: so a secret that looks like base64 must be canonical.
 */
import { ClarionError } from '../../model/codes.ts'

const PREFIX = 'whsec_'
/** A public key must never be accepted as a secret. */
const PUBLIC_KEY = 'whpk_'
const CHARACTERS = { least: 16, most: 256 }
const KEY_BYTES = { least: 24, most: 64 }
const BASE64_LETTERS = /^[A-Za-z0-9+/]+=*$/
const UNWRITABLE = /[\p{Cc}\p{Cs}]/u

/** Answers the secret. Throws `validation_failed`. */
export function checkedSecret(secret: string): string {
  const problem = problemOf(secret)
  if (problem === undefined) return secret
  const details = [{ path: '/secret', rule: 'secret', message: problem }]
  throw new ClarionError('validation_failed', `The secret ${problem}.`, { details })
}

function problemOf(secret: string): string | undefined {
  const characters = [...secret].length
  if (characters < CHARACTERS.least || characters > CHARACTERS.most)
    return `must have ${CHARACTERS.least} to ${CHARACTERS.most} characters, not ${characters}: leave it out to have one made`
  if (secret.startsWith(PUBLIC_KEY)) return 'begins like a public key: give a secret, or leave it out to have one made'
  if (UNWRITABLE.test(secret))
    return 'must be text without control characters: a receiver could not be given it as it is'
  if (secret.trim() !== secret) return 'must not begin or end with a space: receivers often trim it'
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : ''
  return BASE64_LETTERS.test(encoded) ? keyProblemOf(encoded) : undefined
}

/** Padding and spare bits are right when encoding the bytes again gives the same text. */
function keyProblemOf(encoded: string): string | undefined {
  const key = Buffer.from(encoded, 'base64')
  const isCanonical = key.toString('base64') === encoded
  if (isCanonical && key.length >= KEY_BYTES.least && key.length <= KEY_BYTES.most) return undefined
  const found = isCanonical
    ? `${key.length} bytes`
    : 'text that is not canonical (see its length, its padding = and its last letter)'
  return `must be ${PREFIX} and the base64 of ${KEY_BYTES.least} to ${KEY_BYTES.most} bytes, and has ${found}: encode the bytes anew, or give a text without ${PREFIX}`
}
