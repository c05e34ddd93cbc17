/**
 * The state of one admission shard: counters by organization, positions by partition, idempotency keys. Everything here
 * is in the changelog (`admission.counters`, `admission.keys`), in the same transaction as the verdicts it belongs to.
 * After a failure it is restored from there, or rolled back if the failed transactions are known to be aborted.
 */
import type { Random } from '../../src/clock.ts'
import type { KnownPosition, LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import type { Environment } from '../../src/model/environments.ts'
import {
  admissionCounters,
  counterKeys,
  type InputPosition,
  inputPositionCodec,
  type OrganizationCounters,
  organizationCountersCodec,
} from '../../topics/admission-counters.ts'
import {
  admissionKeys,
  admissionKeysCodec,
  type HeldKey,
  type HeldKeyBytes,
  readHeldKeys,
} from '../../topics/admission-keys.ts'
import { DAY_MS } from '../../topics/topic.ts'
import { createChangelogTable } from './changelog-table.ts'
import { createKeyTable } from './keys/key-table.ts'
import { hashSecret } from './keys/keyed-hash.ts'

export const KEY_REMEMBERED_MS = 30 * DAY_MS
/** Records of months older than these come from a clock that is far off; they count in the oldest month kept. */
const MONTHS_KEPT = 3
const KEYS_PER_RECORD = 4_000
/**
 * Keys that one step removes: more than a step adds, but few enough that no emit waits long after a month's pause or a
 * downgrade.
 */
const TRIMMED_AT_ONCE = 64
/** Keys that one call of `expire` looks at, and keys that it removes. */
const EXPIRY = { organizations: 2_000, keys: 10_000 } as const

export interface AdmissionState {
  restore(record: LogRecord): void
  /** The next sequence number and the month's count if this emit were accepted. Changes nothing. */
  peek(organizationId: string, environment: Environment, recordedAtMs: number): { sequence: number; used: number }
  /** Numbers an event outside the quota. */
  number(organizationId: string, environment: Environment): void
  /** Counts an accepted emit, and numbers its event. */
  count(organizationId: string, environment: Environment, recordedAtMs: number): void
  heldKey(organizationId: string, keyHash: Buffer, nowMs: number): HeldKey | undefined
  /** @param keysMax how many keys the organization's plan remembers. */
  hold(key: HeldKey, keysMax: number): void
  /** Removes keys that have expired or exceed the plan's limit; a restore brings back some that were removed before. */
  trim(organizationId: string, keysMax: number, nowMs: number): void
  /** Removes expired keys of a few organizations per call, in turn, including organizations that emit nothing. */
  expire(nowMs: number): void
  position(topic: string, partition: number): number | undefined
  /** Topic id and leader epoch of the record before the position, where they are known. */
  known(topic: string, partition: number): KnownPosition | undefined
  advance(topic: string, partition: number, nextOffset: number, known?: Required<KnownPosition>): void
  /** Every name in the state: organizations, and the names under which other keys are kept. */
  names(): Iterable<string>
  /**
   * Removes everything under a name, and the positions of its inputs, with tombstones in the changelog. Returns whether
   * there is any to write.
   */
  forget(name: string, inputs: ReadonlyArray<{ topic: string; partition: number }>): boolean
  /** The changelog of everything since the last call. */
  seal(partition: number): OutRecord[]
  /** The sealed changes have committed. */
  committed(): void
  /** Undoes everything since the last commit: neither the sealed changes nor the later ones are in the log. */
  rollback(): void
}

export interface AdmissionStateDeps {
  random: Pick<Random, 'bytes'>
  /** Keys that have expired at this time are not restored. */
  nowMs(): number
  /** How many of an organization's keys are restored; undefined: all. */
  keysRemembered(organizationId: string): number | undefined
}

/** UTC month as `year * 12 + month`. */
export const monthOf = (timeMs: number): number => {
  const date = new Date(timeMs)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

const NOT_KNOWN = { topicId: null, leaderEpoch: -1 }
const NO_COUNTERS: OrganizationCounters = { sequenceLive: 0, sequenceTest: 0, months: [] }

export function createAdmissionState(deps: AdmissionStateDeps): AdmissionState {
  const counters = createChangelogTable<OrganizationCounters>(({ months, ...rest }) => ({
    ...rest,
    months: months.map(month => ({ ...month })),
  }))
  const positions = createChangelogTable<InputPosition>(position => ({ ...position }))
  const keys = createKeyTable(hashSecret(deps.random.bytes(8)))
  let newKeys: HeldKey[] = []
  let expiring = keys.organizations()

  function countersOf(organizationId: string): OrganizationCounters {
    return counters.change(organizationId) ?? counters.set(organizationId, { ...NO_COUNTERS, months: [] })
  }

  /** As `monthIn`, but without changing anything: an emit that is only checked must not push out a month. */
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

  function number(organizationId: string, environment: Environment): OrganizationCounters {
    const of = countersOf(organizationId)
    if (environment === 'live') of.sequenceLive++
    else of.sequenceTest++
    return of
  }

  function restoreKey(key: HeldKeyBytes, fromMs: number): void {
    if (key.recordedAtMs < fromMs) return
    const keysMax = deps.keysRemembered(key.organizationId)
    if (keysMax === 0) return
    keys.load(key)
    keys.trim(key.organizationId, keysMax ?? Number.POSITIVE_INFINITY, fromMs, TRIMMED_AT_ONCE)
  }

  function restore(record: LogRecord): void {
    if (record.topic === admissionKeys.name) {
      const fromMs = deps.nowMs() - KEY_REMEMBERED_MS
      if (record.value) readHeldKeys(record.value, key => restoreKey(key, fromMs))
      return
    }
    const key = record.key ? counterKeys.parse(record.key.toString()) : undefined
    if (!key) return
    if ('organizationId' in key)
      counters.load(key.organizationId, record.value ? organizationCountersCodec.decode(record.value) : undefined)
    else
      positions.load(
        inputOf(key.topic, key.partition),
        record.value ? inputPositionCodec.decode(record.value) : undefined,
      )
  }

  return {
    restore,
    peek(organizationId, environment, recordedAtMs) {
      const of = counters.get(organizationId) ?? NO_COUNTERS
      const sequence = (environment === 'live' ? of.sequenceLive : of.sequenceTest) + 1
      return { sequence, used: usedIn(of, environment, recordedAtMs) }
    },
    number: (organizationId, environment) => void number(organizationId, environment),
    count(organizationId, environment, recordedAtMs) {
      monthIn(number(organizationId, environment), recordedAtMs)[environment]++
    },
    heldKey(organizationId, keyHash, nowMs) {
      const found = keys.get(organizationId, keyHash)
      return found && nowMs - found.recordedAtMs <= KEY_REMEMBERED_MS ? found : undefined
    },
    hold(key, keysMax) {
      keys.set(key)
      newKeys.push(key)
      keys.trim(key.organizationId, keysMax, key.recordedAtMs - KEY_REMEMBERED_MS, TRIMMED_AT_ONCE)
    },
    trim: (organizationId, keysMax, nowMs) => void keys.trim(organizationId, keysMax, nowMs - KEY_REMEMBERED_MS),
    expire(nowMs) {
      const fromMs = nowMs - KEY_REMEMBERED_MS
      let left: number = EXPIRY.keys
      for (let looked = 0; looked < EXPIRY.organizations && left > 0; looked++) {
        const { value: organizationId, done } = expiring.next()
        if (done) {
          expiring = keys.organizations()
          return
        }
        const before = keys.size(organizationId)
        keys.trim(organizationId, deps.keysRemembered(organizationId) ?? Number.POSITIVE_INFINITY, fromMs, left)
        left -= before - keys.size(organizationId)
      }
    },
    position: (topic, partition) => positions.get(inputOf(topic, partition))?.nextOffset,
    known(topic, partition) {
      const { topicId, leaderEpoch } = positions.get(inputOf(topic, partition)) ?? NOT_KNOWN
      return topicId === null ? undefined : { topicId, leaderEpoch }
    },
    advance(topic, partition, nextOffset, known) {
      // Nothing of the former position remains: an older epoch would say that this record cannot be here.
      positions.set(inputOf(topic, partition), { nextOffset, ...(known ?? NOT_KNOWN) })
    },
    *names() {
      yield* counters.keys()
      yield* keys.organizations()
    },
    forget(name, inputs) {
      keys.forget(name)
      let isWritten = counters.delete(name)
      for (const { topic, partition } of inputs) isWritten = positions.delete(inputOf(topic, partition)) || isWritten
      return isWritten
    },
    seal(partition) {
      const records: OutRecord[] = []
      for (const [organizationId, value] of counters.seal())
        records.push({
          topic: admissionCounters.name,
          partition,
          key: counterKeys.ofOrganization(organizationId),
          value: value === undefined ? null : organizationCountersCodec.encode(value),
        })
      for (const [input, position] of positions.seal()) {
        const slash = input.lastIndexOf('/')
        records.push({
          topic: admissionCounters.name,
          partition,
          key: counterKeys.ofPosition(input.slice(0, slash), Number(input.slice(slash + 1))),
          value: position === undefined ? null : inputPositionCodec.encode(position),
        })
      }
      for (let at = 0; at < newKeys.length; at += KEYS_PER_RECORD) {
        const value = admissionKeysCodec.encode({ keys: newKeys.slice(at, at + KEYS_PER_RECORD) })
        records.push({ topic: admissionKeys.name, partition, key: null, value })
      }
      newKeys = []
      keys.seal()
      return records
    },
    committed() {
      counters.committed()
      positions.committed()
      keys.committed()
    },
    rollback() {
      counters.rollback()
      positions.rollback()
      keys.rollback()
      newKeys = []
    },
  }
}

const inputOf = (topic: string, partition: number): string => `${topic}/${partition}`
