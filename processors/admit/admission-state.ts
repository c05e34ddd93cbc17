/**
 * What `admit` knows of one shard: numbers by organization, positions by partition, idempotency keys. Everything here is in the changelog
 * (`admission.counters`, `admission.keys`) in the same transaction as what it was decided for; after a failure it is read again from there.
 */
import type { Environment } from '../../src/control-plane/records.ts'
import type { KnownPosition, LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import {
  admissionCounters,
  counterKeys,
  type InputPosition,
  inputPositionCodec,
  type OrganizationCounters,
  organizationCountersCodec,
} from '../../topics/admission-counters.ts'
import { admissionKeys, admissionKeysCodec, type HeldKey } from '../../topics/admission-keys.ts'
import { DAY_MS } from '../../topics/topic.ts'

export const KEY_REMEMBERED_MS = 30 * DAY_MS
/** Records of older months than these come from a clock far off; they are counted in the oldest one kept. */
const MONTHS_KEPT = 3
const KEYS_PER_RECORD = 4_000

export interface AdmissionState {
  restore(record: LogRecord): void
  /** The next sequence number and the month's count, were this emit accepted. */
  peek(organizationId: string, environment: Environment, recordedAtMs: number): { sequence: number; used: number }
  /** Numbers an event that is on no quota. */
  number(organizationId: string, environment: Environment): void
  /** Counts an accepted emit, and numbers its event. */
  count(organizationId: string, environment: Environment, recordedAtMs: number): void
  heldKey(organizationId: string, keyHash: Buffer, nowMs: number): HeldKey | undefined
  /** @param keysMax how many keys the organization's plan remembers. */
  hold(key: HeldKey, keysMax: number): void
  /** Lets go of keys that are past their time or beyond the plan's number; a restore brings back what was let go of before. */
  trim(organizationId: string, keysMax: number, nowMs: number): void
  position(topic: string, partition: number): number | undefined
  /** Topic id and leader epoch of the record before the position, where they are known. */
  known(topic: string, partition: number): KnownPosition | undefined
  advance(topic: string, partition: number, nextOffset: number, known?: Required<KnownPosition>): void
  /** The changelog of everything since the last call. */
  seal(partition: number): OutRecord[]
}

/** UTC month as `year * 12 + month`. */
export const monthOf = (timeMs: number): number => {
  const date = new Date(timeMs)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

export function createAdmissionState(): AdmissionState {
  const counters = new Map<string, OrganizationCounters>()
  const positions = new Map<string, number>()
  const known = new Map<string, Required<KnownPosition>>()
  /** By organization, oldest key first. */
  const keys = new Map<string, Map<string, HeldKey>>()
  const changedCounters = new Set<string>()
  const changedPositions = new Set<string>()
  let newKeys: HeldKey[] = []

  function countersOf(organizationId: string): OrganizationCounters {
    const known = counters.get(organizationId)
    if (known) return known
    const made: OrganizationCounters = { sequenceLive: 0, sequenceTest: 0, months: [] }
    counters.set(organizationId, made)
    return made
  }

  /** As `monthIn` counts, but changing nothing: an emit that is only looked at must not push out a month. */
  function usedIn({ months }: OrganizationCounters, environment: Environment, recordedAtMs: number): number {
    const month = monthOf(recordedAtMs)
    const oldest = months.at(-1)
    if (months.length === MONTHS_KEPT && oldest && month < oldest.month) return oldest[environment]
    return months.find(each => each.month === month)?.[environment] ?? 0
  }

  function monthIn(of: OrganizationCounters, recordedAtMs: number) {
    const month = monthOf(recordedAtMs)
    const known = of.months.find(each => each.month === month)
    if (known) return known
    const made = { month, live: 0, test: 0 }
    of.months.push(made)
    of.months.sort((a, b) => b.month - a.month)
    of.months.length = Math.min(of.months.length, MONTHS_KEPT)
    return of.months.includes(made) ? made : of.months.at(-1)!
  }

  function number(organizationId: string, environment: Environment): void {
    const of = countersOf(organizationId)
    if (environment === 'live') of.sequenceLive++
    else of.sequenceTest++
    changedCounters.add(organizationId)
  }

  function remember(key: HeldKey): void {
    let held = keys.get(key.organizationId)
    if (!held) {
      held = new Map()
      keys.set(key.organizationId, held)
    }
    const name = key.keyHash.toString('latin1')
    held.delete(name) // to the end: youngest
    held.set(name, key)
  }

  function trim(organizationId: string, keysMax: number, nowMs: number): void {
    const held = keys.get(organizationId)
    if (!held) return
    for (const [name, oldest] of held) {
      if (held.size <= keysMax && nowMs - oldest.recordedAtMs <= KEY_REMEMBERED_MS) break
      held.delete(name)
    }
  }

  function restore(record: LogRecord): void {
    if (record.topic === admissionKeys.name) {
      if (record.value) for (const key of admissionKeysCodec.decode(record.value).keys) remember(key)
      return
    }
    const key = record.key ? counterKeys.parse(record.key.toString()) : undefined
    if (!key || !record.value) return
    if ('organizationId' in key) counters.set(key.organizationId, organizationCountersCodec.decode(record.value))
    else restorePosition(`${key.topic}/${key.partition}`, inputPositionCodec.decode(record.value))
  }

  function restorePosition(input: string, { nextOffset, topicId, leaderEpoch }: InputPosition): void {
    positions.set(input, nextOffset)
    if (topicId === null) known.delete(input)
    else known.set(input, { topicId, leaderEpoch })
  }

  function positionOf(input: string): InputPosition {
    const { topicId, leaderEpoch } = known.get(input) ?? { topicId: null, leaderEpoch: -1 }
    return { nextOffset: positions.get(input)!, topicId, leaderEpoch }
  }

  return {
    restore,
    peek(organizationId, environment, recordedAtMs) {
      const of = countersOf(organizationId)
      const sequence = (environment === 'live' ? of.sequenceLive : of.sequenceTest) + 1
      return { sequence, used: usedIn(of, environment, recordedAtMs) }
    },
    number,
    count(organizationId, environment, recordedAtMs) {
      number(organizationId, environment)
      monthIn(countersOf(organizationId), recordedAtMs)[environment]++
    },
    heldKey(organizationId, keyHash, nowMs) {
      const found = keys.get(organizationId)?.get(keyHash.toString('latin1'))
      return found && nowMs - found.recordedAtMs <= KEY_REMEMBERED_MS ? found : undefined
    },
    hold(key, keysMax) {
      remember(key)
      newKeys.push(key)
      trim(key.organizationId, keysMax, key.recordedAtMs)
    },
    trim,
    position: (topic, partition) => positions.get(`${topic}/${partition}`),
    known: (topic, partition) => known.get(`${topic}/${partition}`),
    advance(topic, partition, nextOffset, of) {
      positions.set(`${topic}/${partition}`, nextOffset)
      // An older epoch would say that this record cannot be there.
      if (of) known.set(`${topic}/${partition}`, of)
      else known.delete(`${topic}/${partition}`)
      changedPositions.add(`${topic}/${partition}`)
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const organizationId of changedCounters) {
        const value = organizationCountersCodec.encode(counters.get(organizationId)!)
        records.push({ topic: admissionCounters.name, partition, key: counterKeys.ofOrganization(organizationId), value })
      }
      for (const position of changedPositions) {
        const slash = position.lastIndexOf('/')
        const key = counterKeys.ofPosition(position.slice(0, slash), Number(position.slice(slash + 1)))
        records.push({
          topic: admissionCounters.name,
          partition,
          key,
          value: inputPositionCodec.encode(positionOf(position)),
        })
      }
      for (let at = 0; at < newKeys.length; at += KEYS_PER_RECORD) {
        const value = admissionKeysCodec.encode({ keys: newKeys.slice(at, at + KEYS_PER_RECORD) })
        records.push({ topic: admissionKeys.name, partition, key: null, value })
      }
      changedCounters.clear()
      changedPositions.clear()
      newKeys = []
      return records
    },
  }
}
