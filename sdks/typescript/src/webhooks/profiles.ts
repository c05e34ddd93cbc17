/** The signature profiles: the headers that carry a signature, its encoding, and the signed text before the body. */
import { decodeBase64, decodeHex } from './encoding.ts'
import { type HeadersLike, headerReader, loneValue, type ReadHeader } from './headers.ts'
import type { KeyForm } from './keys.ts'

export const SIGNATURE_PROFILES = ['standard', 'ed25519', 'platforma', 'platphorm', 'event', 'relay'] as const
export type SignatureProfile = (typeof SIGNATURE_PROFILES)[number]

/** The claims of a request, not yet verified. */
export interface Claim {
  /** Signed text before the body. */
  signedBefore: string
  /** Seconds since 1970; undefined where the profile signs none. */
  timestampS: number | undefined
  /** HMAC-SHA256, 32 bytes each. */
  macs: Buffer[]
  /** 64 bytes each. */
  ed25519: Buffer[]
  keyForm: KeyForm
}

const MAC_BYTES = 32
const ED25519_BYTES = 64
/** A rotation has two or three; a header with thousands is an attack. */
const SIGNATURES_MAX = 64

const READERS: Record<SignatureProfile, (header: ReadHeader) => Claim | undefined> = {
  standard: readStandard,
  ed25519: readStandard,
  platforma: header => ofBody(...bothOf(header, 'x-platforma-signature')),
  platphorm: header => ofBody(...bothOf(header, 'x-platphorm-signature')),
  event: readEvent,
  relay: header => ofBody(...bothOf(header, 'x-platformxe-signature'), ...bothOf(header, 'x-caldera-signature')),
}

const OF_BODY: ReadonlySet<SignatureProfile> = new Set(['platforma', 'platphorm', 'relay'])

/** Undefined when a header is missing or malformed. */
export function readClaim(headers: HeadersLike, profile: SignatureProfile | undefined): Claim | undefined {
  const lone = loneValue(headers)
  // The other profiles also sign the content of further headers.
  if (lone) return profile === undefined || OF_BODY.has(profile) ? ofBody(lone.value) : undefined
  const name = profile ?? 'standard'
  return Object.hasOwn(READERS, name) ? READERS[name](headerReader(headers)) : undefined
}

/**
 * Standard Webhooks: `v1,<base64>` (HMAC) and `v1a,<base64>` (Ed25519) over `<id>.<timestamp>.<body>`, separated by
 * spaces.
 */
function readStandard(header: ReadHeader): Claim | undefined {
  const id = header('webhook-id')
  const timestamp = header('webhook-timestamp')
  const timestampS = secondsOf(timestamp)
  const signatures = header('webhook-signature')?.split(' ').slice(0, SIGNATURES_MAX) ?? []
  if (id === undefined || timestampS === undefined) return undefined
  const versioned = (version: string, bytes: number): Buffer[] =>
    signatures
      .filter(each => each.startsWith(`${version},`))
      .map(each => decodeBase64(each.slice(version.length + 1)))
      .filter(each => each?.length === bytes) as Buffer[]
  const claim = { macs: versioned('v1', MAC_BYTES), ed25519: versioned('v1a', ED25519_BYTES) }
  return { signedBefore: `${id}.${timestamp}.`, timestampS, keyForm: 'standard', ...claim }
}

/** PlatformXe: hex HMAC over `<timestamp>.<body>`. */
function readEvent(header: ReadHeader): Claim | undefined {
  const timestamp = header('x-event-timestamp')
  const timestampS = secondsOf(timestamp)
  if (timestampS === undefined) return undefined
  return { ...hexClaim(bothOf(header, 'x-event-signature')), signedBefore: `${timestamp}.`, timestampS }
}

/** Hex HMAC over the body alone, with or without `sha256=`. */
const ofBody = (...values: Array<string | undefined>): Claim =>
  hexClaim(values.map(value => value?.replace(/^sha256=/, '')))

function hexClaim(values: Array<string | undefined>): Claim {
  const macs = values.map(value => decodeHex(value, MAC_BYTES)).filter(mac => mac !== undefined)
  return { signedBefore: '', timestampS: undefined, macs, ed25519: [], keyForm: 'text' }
}

/**
 * During a rotation, a header with room for one signature carries the former secret's; the new one's has a header of
 * its own.
 */
const bothOf = (header: ReadHeader, name: string): Array<string | undefined> => [header(name), header(`${name}-next`)]

const secondsOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined
