/** The ids of a key that fit into words, and their stored form. */
import type { HeldKey, HeldKeyBytes } from '../../../topics/admission-keys.ts'
import { packId, packIdBytes } from './packed-ids.ts'

/**
 * How ids are stored: event and emit have the same digits, there is no event, there is neither, or all of it is in
 * the log's `odd`.
 */
export const [BOTH_IDS, EMIT_ONLY, NO_IDS, ODD] = [0, 1, 2, 3] as const

const TIME_MAX = 2 ** 44
const SEQUENCE_MAX = 2 ** 48

export type Numbers = Pick<HeldKey, 'recordedAtMs' | 'sequence'>

export const fits = ({ recordedAtMs, sequence }: Numbers): boolean =>
  isBelow(recordedAtMs, TIME_MAX) && isBelow(sequence, SEQUENCE_MAX)
const isBelow = (number: number, bound: number): boolean => Number.isInteger(number) && number >= 0 && number < bound

/** Packs the ids, and returns how they are stored. */
export function formOf(words: Uint32Array, at: number, key: HeldKey): number {
  if (!fits(key)) return ODD
  if (key.emitId === '' && key.eventId === '') return NO_IDS
  if (!packId('cee_', key.emitId, words, at)) return ODD
  if (key.eventId === '') return EMIT_ONLY
  return key.eventId.length === key.emitId.length && key.eventId === `evt_${key.emitId.slice(4)}` ? BOTH_IDS : ODD
}

const ID_BYTES = 36
/** `cee_` and `evt_`, little-endian. */
const CEE = 0x5f656563
const EVT = 0x5f747665

export function formOfBytes(words: Uint32Array, at: number, key: HeldKeyBytes): number {
  const { bytes, emitIdAt, emitIdLength, eventIdAt, eventIdLength } = key
  if (emitIdLength === 0 && eventIdLength === 0) return NO_IDS
  if (emitIdLength !== ID_BYTES || bytes.readInt32LE(emitIdAt) !== CEE || !packIdBytes(bytes, emitIdAt + 4, words, at))
    return ODD
  if (eventIdLength === 0) return EMIT_ONLY
  if (eventIdLength !== ID_BYTES || bytes.readInt32LE(eventIdAt) !== EVT) return ODD
  for (let digit = 4; digit < ID_BYTES; digit += 4)
    if (bytes.readInt32LE(emitIdAt + digit) !== bytes.readInt32LE(eventIdAt + digit)) return ODD
  return BOTH_IDS
}
