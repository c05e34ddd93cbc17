/**
 * Platform emits for organizations whose log is unavailable now. `platform.emits` is shared, so such a record must not
 * block its partition: it moves into the shard's state (`admission.deferred`) in the transaction that moves the
 * position. From there it is an input of its organization, read once the log is available again. Later records for the
 * same log queue behind it.
 */

import { controlHeaders, controlOffsetOf } from '../../src/ingress/platform-emit.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { Environment } from '../../src/model/environments.ts'
import { emitId } from '../../src/model/ids.ts'
import { admissionDeferred, deferredEmitCodec, deferredKeys } from '../../topics/admission-deferred.ts'
import { events } from '../../topics/events.ts'
import { createChangelogTable } from './changelog-table.ts'
import type { Emit } from './emit.ts'

/** `platform.emits` of the shard is paused from this size on, until less than half remains. */
export const DEFERRED_MAX = { emits: 10_000, bytes: 64 * 1024 * 1024 } as const
/** Approximate overhead of one entry besides its value. */
const EMIT_BYTES = 200

/** Names of inputs for deferred emits: one for each log, and one for those that no longer wait for a log. */
const INPUT = `${admissionDeferred.name}/`
const inputOf = ({ log, isFree }: Pick<Deferred, 'log' | 'isFree'>): string => INPUT + (isFree ? '' : log)
export const isDeferred = ({ topic }: Pick<LogRecord, 'topic'>): boolean => topic.startsWith(INPUT)
/** The log that an input of deferred emits waits for; undefined: another kind of input. */
export const logOfDeferred = (input: string): string | undefined =>
  input.startsWith(INPUT) && input !== INPUT ? input.slice(INPUT.length) : undefined

export interface DeferredEmits {
  restore(record: LogRecord): void
  /** Offers everything that was restored. */
  start(): void
  /** Whether this platform emit must be deferred. */
  takes(emit: Emit): boolean
  add(emit: Emit): void
  /** An offered record has been judged. */
  remove(record: LogRecord): void
  /** `again`: whether there is still too little space. */
  isFull(again?: boolean): boolean
  /** Deferred emits of organizations that are unavailable stop waiting. */
  letGo(): void
  /** Drops the input of an organization. Returns false while something of it is deferred. */
  forget(organizationId: string): boolean
  seal(): OutRecord[]
  committed(): void
  rollback(): void
}

interface Deferred {
  key: string
  log: string
  offset: number
  timestampMs: number
  environment: Environment
  emit: Buffer
  /** Its judge must know the control plane up to here. */
  controlOffset: number
  /** Order of arrival. */
  number: number
  /** It waits for no log. */
  isFree: boolean
}

export function createDeferredEmits(deps: {
  handle: Pick<ShardHandle, 'shard' | 'offer' | 'unassign' | 'unavailable' | 'write'>
  /** Whether nothing can be written to the organization's log, whatever the verdict. */
  isOutOfReach(organizationId: string): boolean
}): DeferredEmits {
  const { handle } = deps
  const table = createChangelogTable<Deferred>(deferred => deferred)
  /** Count by log. */
  let counts = new Map<string, number>()
  let total = 0
  let bytes = 0
  let numbers = 0

  function count({ log, emit }: Deferred, sign: 1 | -1): void {
    const left = (counts.get(log) ?? 0) + sign
    if (left === 0) counts.delete(log)
    else counts.set(log, left)
    total += sign
    bytes += sign * (emit.length + EMIT_BYTES)
  }

  function offer(deferred: Deferred): void {
    const { offset, timestampMs, key, emit: value, controlOffset } = deferred
    const [topic, partition] = [inputOf(deferred), handle.shard]
    const headers = controlHeaders(controlOffset)
    handle.offer(topic, partition, [{ topic, partition, offset, timestampMs, headers, key: Buffer.from(key), value }])
  }

  const all = (): Deferred[] =>
    Array.from(table.keys(), key => table.get(key)!).sort((one, other) => one.number - other.number)

  function leave(inputs: Iterable<string>): void {
    for (const input of new Set(inputs)) handle.unassign(input, handle.shard)
  }

  function deferredOf(record: LogRecord): Deferred {
    const key = record.key!.toString()
    const stored = deferredEmitCodec.decode(record.value!)
    const log = events.nameFor(deferredKeys.organizationOf(key), stored.environment)
    return { ...stored, key, log, number: numbers++, isFree: false }
  }

  return {
    restore(record) {
      if (!record.key) return
      const key = record.key.toString()
      const known = table.get(key)
      if (known) count(known, -1)
      const deferred = record.value === null ? undefined : deferredOf(record)
      table.load(key, deferred)
      if (deferred) count(deferred, 1)
    },
    start: () => all().forEach(offer),
    takes({ organizationId, environment }) {
      // First, since asking for a log begins to watch it.
      if (deps.isOutOfReach(organizationId)) return false
      const log = events.nameFor(organizationId, environment)
      return counts.has(log) || handle.unavailable(log) !== undefined
    },
    add({ organizationId, environment, position, record }) {
      const key = deferredKeys.of(organizationId, emitId(position))
      const { offset, timestampMs } = record
      const log = events.nameFor(organizationId, environment)
      const deferred: Deferred = {
        key,
        log,
        environment,
        offset,
        timestampMs,
        // It outlives its transaction, and the value is a view of a whole fetch response.
        emit: Buffer.from(record.value!),
        controlOffset: controlOffsetOf(record.headers),
        number: numbers++,
        isFree: false,
      }
      table.set(key, deferred)
      count(deferred, 1)
      offer(deferred)
      handle.write([])
    },
    remove(record) {
      const key = record.key!.toString()
      count(table.get(key)!, -1)
      table.delete(key)
    },
    isFull(again = false) {
      const part = again ? 2 : 1
      return total >= DEFERRED_MAX.emits / part || bytes >= DEFERRED_MAX.bytes / part
    },
    letGo() {
      if (total === 0) return
      const gone = all().filter(({ key, isFree }) => !isFree && deps.isOutOfReach(deferredKeys.organizationOf(key)))
      leave(gone.map(inputOf))
      for (const deferred of gone) {
        deferred.isFree = true
        offer(deferred)
      }
    },
    forget(organizationId) {
      const logs = (['live', 'test'] as const).map(environment => events.nameFor(organizationId, environment))
      if (logs.some(log => counts.has(log))) return false
      leave(logs.map(log => inputOf({ log, isFree: false })))
      return true
    },
    seal: () =>
      table.seal().map(([key, deferred]) => {
        const value = deferred === undefined ? null : deferredEmitCodec.encode(deferred)
        return { topic: admissionDeferred.name, partition: handle.shard, key, value }
      }),
    committed: table.committed,
    rollback() {
      const before = all()
      table.rollback()
      const now = all()
      counts = new Map()
      total = 0
      bytes = 0
      for (const deferred of now) count(deferred, 1)
      // Records offered since the last commit were not deferred after all; the others are offered again in their order.
      leave([...before, ...now].map(inputOf))
      now.forEach(offer)
    },
  }
}
