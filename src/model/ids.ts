/**
 * Ids: a type prefix and base32 characters that sort by time.
 *
 * Things made by a call (`org_`, `wh_`, …) get 26 characters: 48 bits of time, 80 of chance. Emits and events get 32,
 * which *are* their position in the ingress: 48 bits append time | 16 partition | 48 offset | 48 origin. So an id is
 * unique however the emit came in, is the same after every re-read, and can be compared with a position.
 */
import { hash } from 'node:crypto'
import type { Clock, Random } from '../clock.ts'
import { ALPHABET, decode20, encode20 } from './base32.ts'
import type { Environment } from './environments.ts'

/** The ingress by which an emit came in: the organization's own topic, or what the platform emits for it. */
export type IngressKind = 'emits' | 'platform'

export interface IngressPosition {
  /** Broker append time, ms. */
  timestampMs: number
  partition: number
  offset: number
  organizationId: string
  environment: Environment
  kind: IngressKind
}

/** The fields of an emit id. `origin` is compared with `originOf`. */
export interface ParsedEmitId {
  timestampMs: number
  partition: number
  offset: number
  origin: number
}

export interface Ids {
  /**
   * `<prefix>_` (`org`, `key`, `cer`, `wh`, …) and 26 characters. Ids of one process increase, within a millisecond
   * too.
   */
  next(prefix: string): string
}

const CHANCE_DIGITS = 16

export function createIds(deps: { clock: Clock; random: Random }): Ids {
  let lastMs = -1
  const digits = new Uint8Array(CHANCE_DIGITS)

  function draw(): void {
    const bytes = deps.random.bytes(CHANCE_DIGITS)
    for (let i = 0; i < CHANCE_DIGITS; i++) digits[i] = (bytes[i] as number) & 31
  }

  /** Adds one to the random part; false on overflow. */
  function increment(): boolean {
    for (let i = CHANCE_DIGITS - 1; i >= 0; i--) {
      const digit = digits[i] as number
      digits[i] = (digit + 1) & 31
      if (digit !== 31) return true
    }
    return false
  }

  return {
    next(prefix) {
      const nowMs = deps.clock.nowMs()
      if (nowMs > lastMs) {
        lastMs = nowMs
        draw()
      } else if (!increment()) lastMs += 1
      let chance = ''
      for (let i = 0; i < CHANCE_DIGITS; i++) chance += ALPHABET.charAt(digits[i] as number)
      return `${prefix}_${timeOf(lastMs)}${chance}`
    },
  }
}

/** Ten characters: 48 bits of time, two zero bits before them. */
function timeOf(ms: number): string {
  const high = Math.floor(ms / 0x1_0000_0000)
  const low = ms >>> 0
  return (
    ALPHABET.charAt(high >>> 13) +
    ALPHABET.charAt((high >>> 8) & 31) +
    encode20((high << 12) | (low >>> 20)) +
    encode20(low)
  )
}

/** Creation time of an id made by `Ids.next`, ms since 1970; undefined for any other text. */
export function timeOfId(id: string): number | undefined {
  const digits = /^[a-z]+_([0-9a-z]{10})[0-9a-z]{16}$/.exec(id)?.[1]
  if (digits === undefined) return undefined
  const [high, middle, low] = [decode20(`00${digits}`, 0), decode20(digits, 2), decode20(digits, 6)]
  return Math.min(high, middle, low) < 0 ? undefined : high * 0x100_0000_0000 + middle * 0x10_0000 + low
}

/** `cee_` and 32 characters. */
export const emitId = (position: IngressPosition): string => `cee_${positionOf(position)}`

/** `evt_` and the same 32 characters as the emit that became this event. */
export const eventId = (position: IngressPosition): string => `evt_${positionOf(position)}`

function positionOf({ timestampMs, partition, offset, organizationId, environment, kind }: IngressPosition): string {
  const timeHigh = Math.floor(timestampMs / 0x1000_0000)
  const offsetHigh = Math.floor(offset / 0x1_0000_0000)
  const offsetLow = offset >>> 0
  const origin = originOf(kind, organizationId, environment)
  const originHigh = Math.floor(origin / 0x100_0000)
  const originLow = origin % 0x100_0000
  return (
    encode20(timeHigh) +
    encode20(Math.floor(timestampMs / 0x100)) +
    encode20(((timestampMs % 0x100) << 12) | (partition >>> 4)) +
    encode20(((partition & 15) << 16) | (offsetHigh & 0xffff)) +
    encode20(offsetLow >>> 12) +
    encode20(((offsetLow & 0xfff) << 8) | (originHigh >>> 16)) +
    encode20(((originHigh & 0xffff) << 4) | (originLow >>> 20)) +
    encode20(originLow)
  )
}

/** The ingress position that an emit id (`cee_…`) encodes; undefined for any other text. */
export function parseEmitId(id: string): ParsedEmitId | undefined {
  return id.startsWith('cee_') ? parsePosition(id) : undefined
}

/** Like `parseEmitId`, for the event (`evt_…`) that the emit became. */
export function parseEventId(id: string): ParsedEmitId | undefined {
  return id.startsWith('evt_') ? parsePosition(id) : undefined
}

function parsePosition(id: string): ParsedEmitId | undefined {
  if (id.length !== 36) return undefined
  const words: number[] = []
  for (let at = 4; at < 36; at += 4) {
    const word = decode20(id, at)
    if (word < 0) return undefined
    words.push(word)
  }
  const [w0, w1, w2, w3, w4, w5, w6, w7] = words as [number, number, number, number, number, number, number, number]
  return {
    timestampMs: w0 * 0x1000_0000 + w1 * 0x100 + (w2 >>> 12),
    partition: ((w2 & 0xfff) << 4) | (w3 >>> 16),
    offset: (w3 & 0xffff) * 0x1_0000_0000 + w4 * 0x1000 + (w5 >>> 8),
    origin: (w5 & 0xff) * 0x100_0000_0000 + w6 * 0x10_0000 + w7,
  }
}

/** More organizations than one process owns at a time; beyond it the cache starts anew. */
const ORIGINS_MAX = 20_000
const origins = { emits: originCache(), platform: originCache() }

function originCache(): Record<Environment, Map<string, number>> {
  return { live: new Map(), test: new Map() }
}

/**
 * 48 bits of the SHA-256 of `<kind>/<organization>/<environment>`, which distinguish the positions of two
 * organizations.
 */
export function originOf(kind: IngressKind, organizationId: string, environment: Environment): number {
  const cache = origins[kind][environment]
  const known = cache.get(organizationId)
  if (known !== undefined) return known
  if (cache.size >= ORIGINS_MAX) cache.clear()
  const origin = hash('sha256', `${kind}/${organizationId}/${environment}`, 'buffer').readUIntBE(0, 6)
  cache.set(organizationId, origin)
  return origin
}

/**
 * `dlv_` and 32 characters: the event's 48 bits of time, then 112 bits of a SHA-256 over event, webhook and replay. The
 * id is derived, so that a repeated delivery keeps its id; a replay makes new ones
 * (docs/specification/deliveries.md#delivery-id).
 */
export function deliveryId(event: string, webhookId: string, replayId?: string): string {
  return derived('dlv', event, replayId === undefined ? `${event}/${webhookId}` : `${event}/${webhookId}/${replayId}`)
}

/**
 * `cefr_` and 32 characters, derived like a delivery's: one event, by one push, to one member of a federation group.
 */
export const relayId = (sourceEvent: string, pushId: string, memberId: string): string =>
  derived('cefr', sourceEvent, `${sourceEvent}/${pushId}/${memberId}`)

function derived(prefix: string, event: string, parts: string): string {
  const digest = hash('sha256', parts, 'buffer')
  // 48 bits end in the middle of the tenth character: its upper three bits are time, its lower two come from the
  // digest.
  const tenth = ALPHABET.charAt((ALPHABET.indexOf(event.charAt(13)) & 0b11100) | (digest.readUInt8(15) & 0b11))
  let chance = ''
  for (let at = 0; at < 15; at += 5)
    chance += encode20(digest.readUIntBE(at, 3) >>> 4) + encode20(digest.readUIntBE(at + 2, 3))
  return `${prefix}_${event.slice(4, 13)}${tenth}${chance.slice(0, 22)}`
}

/**
 * `<prefix>_` and 26 characters that follow from the text: the same thing has the same id in every process, though no
 * record says so. With a time, ids sort by it, as those of `Ids` do.
 */
export function fixedId(prefix: string, text: string, atMs?: number): string {
  const digest = hash('sha256', `${prefix}/${text}`, 'buffer')
  let digits = ''
  for (let at = 0; at < 20; at += 5)
    digits += encode20(digest.readUIntBE(at, 3) >>> 4) + encode20(digest.readUIntBE(at + 2, 3))
  return atMs === undefined ? `${prefix}_${digits.slice(0, 26)}` : `${prefix}_${timeOf(atMs)}${digits.slice(0, 16)}`
}
