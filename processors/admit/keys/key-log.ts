/**
 * The idempotency keys of one organization, oldest first: 68 bytes each in segments of typed arrays, and an index from
 * hash to entry. Keys are appended at the end and removed from the beginning, so expiry checks only the oldest, and a
 * segment without keys is freed as a whole. Memory that a transaction frees is reclaimed only after its commit
 * (`reclaim`), so that every step can be undone.
 */
import type { HeldKey, HeldKeyBytes } from '../../../topics/admission-keys.ts'
import { type CanonicalNames, createCanonicalNames, disuse, use, useBytes } from './canonical-names.ts'
import { createHashIndex, type HashIndex, indexBytes, insert, lookUp, remove } from './hash-index.ts'
import { BOTH_IDS, fits, formOf, formOfBytes, NO_IDS, type Numbers, ODD } from './id-forms.ts'
import { type HashSecret, keyedHash } from './keyed-hash.ts'
import { unpackId } from './packed-ids.ts'

/**
 * An entry, in 32-bit words: key hash 0–3, content hash 4–7, emit id 8–12, time (low half) 13, then time (upper 12
 * bits), sequence (upper 16 bits) and flags (4 bits) 14, sequence (low half) 15, canonical name 16.
 */
const WORDS = 17
const EMIT_ID = 8
const TIME = 13
const MIXED = 14
const SEQUENCE = 15
const NAME = 16

/** Replaced by a younger one, or removed. */
const GONE = 8
/** How ids are stored (`id-forms.ts`). */
const FORMS = 7

const SEGMENT_BITS = 13
const ENTRIES_MAX = 1 << SEGMENT_BITS
const OFFSET_MASK = ENTRIES_MAX - 1
const FIRST_ENTRIES = 8
/** A new segment is this fraction of the present size, so that little is unused at either end. */
const GROWTH = 8
const NONE = -1
const TWO_32 = 0x1_0000_0000

interface Segment {
  words: Uint32Array
  size: number
  used: number
  previous: number
  next: number
  /** Entries that do not fit into words, by offset. */
  odd: Map<number, HeldKey> | undefined
}

export interface KeyLog {
  readonly organizationId: string
  /** Keys that are held. */
  live: number
  segments: Array<Segment | undefined>
  unusedIds: number[]
  first: number
  last: number
  /**
   * The entry from which on some are held; all before it are removed. Past the end of a segment means the start of the
   * next one.
   */
  headSegment: number
  headOffset: number
  index: HashIndex
  secret: HashSecret
  names: CanonicalNames
  /** Number of the newest open transaction that changed this log. */
  touchedIn: number
}

/** Segment and offset of an entry. */
export type Reference = number

export function createKeyLog(organizationId: string, secret: HashSecret): KeyLog {
  const segments: Array<Segment | undefined> = [createSegment(FIRST_ENTRIES, NONE)]
  return {
    ...{ organizationId, live: 0, segments, unusedIds: [], first: 0, last: 0, headSegment: 0, headOffset: 0 },
    index: createHashIndex(),
    secret,
    names: createCanonicalNames(),
    touchedIn: 0,
  }
}

const createSegment = (size: number, previous: number): Segment => ({
  ...{ words: new Uint32Array(size * WORDS), size, used: 0, previous, next: NONE },
  odd: undefined,
})

const wanted = new Uint32Array(4)

/** The index slot of this key hash (16 bytes at `at`). */
export function indexHash({ secret }: KeyLog, keyHash: Buffer, at = 0): number {
  for (let word = 0; word < 4; word++) wanted[word] = keyHash.readUInt32LE(at + 4 * word)
  return keyedHash(secret, wanted, 0)
}

/** The held entry with the key hash that `indexHash` read last, whose result was `hash`; or -1. */
export function find(log: KeyLog, hash: number): Reference {
  return lookUp(log.index, hash, reference => {
    const { words } = log.segments[reference >>> SEGMENT_BITS]!
    const at = (reference & OFFSET_MASK) * WORDS
    return (
      words[at] === wanted[0] &&
      words[at + 1] === wanted[1] &&
      words[at + 2] === wanted[2] &&
      words[at + 3] === wanted[3]
    )
  })
}

/** Appends a key that is not held, as the youngest. `hash`: from `indexHash`. */
export function append(log: KeyLog, key: HeldKey, hash: number): Reference {
  const reference = nextPlace(log)
  const segment = log.segments[reference >>> SEGMENT_BITS]!
  const offset = reference & OFFSET_MASK
  const at = offset * WORDS
  putHash(segment.words, at, key.keyHash, 0)
  putHash(segment.words, at + 4, key.contentHash, 0)
  const form = formOf(segment.words, at + EMIT_ID, key)
  if (form === ODD) {
    segment.odd ??= new Map()
    segment.odd.set(offset, key)
  }
  putNumbers(segment.words, at, form, key)
  return appended(log, reference, use(log.names, key.canonicalName), hash)
}

/** As `append`, for a key from the changelog. */
export function appendBytes(log: KeyLog, key: HeldKeyBytes, hash: number): Reference {
  const reference = nextPlace(log)
  const { words } = log.segments[reference >>> SEGMENT_BITS]!
  const at = (reference & OFFSET_MASK) * WORDS
  const form = formOfBytes(words, at + EMIT_ID, key)
  if (form === ODD || !fits(key)) return append(log, key.decoded(), hash)
  putHash(words, at, key.bytes, key.keyHashAt)
  putHash(words, at + 4, key.bytes, key.contentHashAt)
  putNumbers(words, at, form, key)
  return appended(log, reference, useBytes(log.names, key), hash)
}

/** Removes the youngest entry, which must be this one. */
export function unappend(log: KeyLog, reference: Reference): void {
  const id = reference >>> SEGMENT_BITS
  const segment = log.segments[id]!
  const offset = reference & OFFSET_MASK
  if (id !== log.last || offset !== segment.used - 1) throw new Error('only the youngest key can be taken back')
  remove(log.index, hashOf(log, reference), reference)
  disuse(log.names, segment.words[offset * WORDS + NAME]!)
  segment.odd?.delete(offset)
  segment.used--
  log.live--
  if (segment.used > 0 || segment.previous === NONE) return
  log.last = segment.previous
  log.segments[segment.previous]!.next = NONE
  free(log, id)
}

/** Marks an entry as removed; its memory is freed with that of the entries before it. */
export function drop(log: KeyLog, reference: Reference): void {
  remove(log.index, hashOf(log, reference), reference)
  log.segments[reference >>> SEGMENT_BITS]!.words[(reference & OFFSET_MASK) * WORDS + MIXED]! |= GONE
  log.live--
}

/** Undoes `drop`. The head is reset separately. */
export function revive(log: KeyLog, reference: Reference): void {
  log.segments[reference >>> SEGMENT_BITS]!.words[(reference & OFFSET_MASK) * WORDS + MIXED]! &= ~GONE
  insert(log.index, hashOf(log, reference), reference)
  log.live++
}

/** The oldest held key; moves the head there over removed entries. -1: there is none. */
export function oldest(log: KeyLog): Reference {
  for (;;) {
    const segment = log.segments[log.headSegment]!
    for (; log.headOffset < segment.used; log.headOffset++)
      if ((segment.words[log.headOffset * WORDS + MIXED]! & GONE) === 0)
        return ((log.headSegment << SEGMENT_BITS) | log.headOffset) >>> 0
    if (segment.next === NONE) return NONE
    log.headSegment = segment.next
    log.headOffset = 0
  }
}

/** Frees the segments before this one. */
export function reclaim(log: KeyLog, upToSegment: number): void {
  while (log.first !== upToSegment) {
    const id = log.first
    const segment = log.segments[id]!
    for (let offset = 0; offset < segment.used; offset++) disuse(log.names, segment.words[offset * WORDS + NAME]!)
    log.first = segment.next
    log.segments[log.first]!.previous = NONE
    free(log, id)
  }
}

/** The key with everything from which its answer is rebuilt. */
export function read(log: KeyLog, reference: Reference): HeldKey {
  const segment = log.segments[reference >>> SEGMENT_BITS]!
  const { words } = segment
  const at = (reference & OFFSET_MASK) * WORDS
  const form = words[at + MIXED]! & FORMS
  if (form === ODD) return segment.odd!.get(reference & OFFSET_MASK)!
  const digits = form === NO_IDS ? '' : unpackId(words, at + EMIT_ID)
  return {
    organizationId: log.organizationId,
    keyHash: hashAt(words, at),
    contentHash: hashAt(words, at + 4),
    emitId: form === NO_IDS ? '' : `cee_${digits}`,
    eventId: form === BOTH_IDS ? `evt_${digits}` : '',
    canonicalName: log.names.texts[words[at + NAME]!]!,
    sequence: ((words[at + MIXED]! >>> 4) & 0xffff) * TWO_32 + words[at + SEQUENCE]!,
    recordedAtMs: timeOf(log, reference),
  }
}

export function timeOf(log: KeyLog, reference: Reference): number {
  const { words, odd } = log.segments[reference >>> SEGMENT_BITS]!
  const at = (reference & OFFSET_MASK) * WORDS
  if ((words[at + MIXED]! & FORMS) === ODD) return odd!.get(reference & OFFSET_MASK)!.recordedAtMs
  return (words[at + MIXED]! >>> 20) * TWO_32 + words[at + TIME]!
}

/** Bytes in use, without the engine's overhead for each array. */
export function bytesOf(log: KeyLog): number {
  return indexBytes(log.index) + log.segments.reduce((sum, segment) => sum + (segment?.words.byteLength ?? 0), 0)
}

const hashOf = ({ secret, segments }: KeyLog, reference: Reference): number =>
  keyedHash(secret, segments[reference >>> SEGMENT_BITS]!.words, (reference & OFFSET_MASK) * WORDS)

/** The slot of the next entry. */
function nextPlace(log: KeyLog): Reference {
  const last = log.segments[log.last]!
  if (last.used < last.size) return ((log.last << SEGMENT_BITS) | last.used) >>> 0
  let size = FIRST_ENTRIES
  while (size < ENTRIES_MAX && size * 2 * GROWTH <= log.live) size *= 2
  const id = log.unusedIds.pop() ?? log.segments.length
  log.segments[id] = createSegment(size, log.last)
  last.next = id
  log.last = id
  return (id << SEGMENT_BITS) >>> 0
}

function appended(log: KeyLog, reference: Reference, name: number, hash: number): Reference {
  const segment = log.segments[reference >>> SEGMENT_BITS]!
  segment.words[(reference & OFFSET_MASK) * WORDS + NAME] = name
  segment.used++
  log.live++
  insert(log.index, hash, reference)
  return reference
}

function free(log: KeyLog, id: number): void {
  log.segments[id] = undefined
  log.unusedIds.push(id)
}

function putHash(words: Uint32Array, at: number, bytes: Buffer, from: number): void {
  for (let word = 0; word < 4; word++) words[at + word] = bytes.readUInt32LE(from + 4 * word)
}

function hashAt(words: Uint32Array, at: number): Buffer {
  const hash = Buffer.allocUnsafe(16)
  for (let word = 0; word < 4; word++) hash.writeUInt32LE(words[at + word]!, 4 * word)
  return hash
}

function putNumbers(words: Uint32Array, at: number, form: number, { recordedAtMs, sequence }: Numbers): void {
  const [time, number] = form === ODD ? [0, 0] : [recordedAtMs, sequence]
  words[at + TIME] = time % TWO_32
  words[at + MIXED] = (Math.floor(time / TWO_32) << 20) | (Math.floor(number / TWO_32) << 4) | form
  words[at + SEQUENCE] = number % TWO_32
}
