/**
 * Events that steps have asked for and that time brings: each is state until it is due, and is written in the transaction
 * that removes it. Its run goes on meanwhile, or has ended.
 */
import type { Timer } from '../../src/clock.ts'
import { platformEmitAt } from '../../src/ingress/platform-emit.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import { type RunDelayedEmit, runDelayedEmitCodec, runState, runStateKeys } from '../../topics/run-state.ts'
import type { RunDependencies } from './dependencies.ts'
import { failed, type StepAnswer } from './effects/step.ts'
import type { Lanes } from './lanes.ts'

export interface DelayedEmits {
  restore(stepId: string, value: Buffer | null): void
  start(): void
  /** Of the step with this id; the answer does not wait for the event. */
  delay(stepId: string, emit: PlatformEmit, seconds: number): StepAnswer
  forget(organizationId: string): void
  seal(): OutRecord[]
  close(): void
}

/** Of an organization, in all. */
const BYTES_MAX = 16 * 1024 * 1024
const PAYLOAD_BYTES_MAX = 256 * 1024

interface Held {
  count: number
  bytes: number
}

/** Besides the payload. */
const ENTRY_BYTES = 1_024
const NOTHING: Held = { count: 0, bytes: 0 }

export function createDelayedEmits(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'view' | 'clock'>
  lanes: Pick<Lanes, 'parkedMax'>
}): DelayedEmits {
  const { handle, lanes } = context
  const { view, clock } = context.deps
  const entries = new Map<string, RunDelayedEmit>()
  const timers = new Map<string, Timer>()
  const held = new Map<string, Held>()
  const changed = new Set<string>()

  function count(entry: RunDelayedEmit, sign: 1 | -1): void {
    const { organizationId } = entry
    const before = held.get(organizationId) ?? NOTHING
    const after = { count: before.count + sign, bytes: before.bytes + sign * sizeOf(entry) }
    if (after.count === 0) held.delete(organizationId)
    else held.set(organizationId, after)
  }

  function put(stepId: string, entry: RunDelayedEmit): void {
    remove(stepId)
    entries.set(stepId, entry)
    count(entry, 1)
  }

  function remove(stepId: string): void {
    const entry = entries.get(stepId)
    if (entry === undefined) return
    timers.get(stepId)?.cancel()
    timers.delete(stepId)
    entries.delete(stepId)
    count(entry, -1)
  }

  function arm(stepId: string, { dueAtMs }: RunDelayedEmit): void {
    timers.set(
      stepId,
      clock.after(Math.max(1, dueAtMs - clock.nowMs()), () => fire(stepId)),
    )
  }

  function fire(stepId: string): void {
    try {
      const entry = entries.get(stepId)
      if (entry === undefined) return
      if (entry.dueAtMs > clock.nowMs()) arm(stepId, entry)
      else emit(stepId, entry)
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  function emit(stepId: string, entry: RunDelayedEmit): void {
    remove(stepId)
    changed.add(stepId)
    handle.write([platformEmitAt(entry.emit, handle.shard, view.appliedOffset)])
  }

  function refusalOf(organizationId: string, bytes: number): StepAnswer | undefined {
    const { count: waiting, bytes: kept } = held.get(organizationId) ?? NOTHING
    const most = lanes.parkedMax(organizationId)
    if (waiting < most && kept + bytes <= BYTES_MAX) return undefined
    return failed(
      'waiting_limit_exceeded',
      `${waiting} events of the organization wait for their time; its plan lets ${most} wait, with 16 MB together.`,
    )
  }

  return {
    restore(stepId, value) {
      if (value === null) remove(stepId)
      else put(stepId, runDelayedEmitCodec.decode(value))
    },
    start() {
      for (const [stepId, entry] of entries) arm(stepId, entry)
    },
    delay(stepId, emit, seconds) {
      const { organizationId, depth, payload } = emit
      if (payload.length > PAYLOAD_BYTES_MAX)
        return failed('payload_too_large', `The payload has ${payload.length} bytes, more than 256 KB.`)
      const dueAtMs = Math.round(clock.nowMs() + seconds * 1_000)
      const entry = { organizationId, dueAtMs, emit }
      const refusal = refusalOf(organizationId, sizeOf(entry))
      if (refusal !== undefined) return refusal
      put(stepId, entry)
      arm(stepId, entry)
      changed.add(stepId)
      handle.write([])
      return {
        output: { emitId: null, eventId: null, canonicalName: null, depth, dueAt: new Date(dueAtMs).toISOString() },
      }
    },
    forget(organizationId) {
      for (const [stepId, entry] of entries)
        if (entry.organizationId === organizationId) {
          remove(stepId)
          changed.add(stepId)
        }
      if (changed.size > 0) handle.write([])
    },
    seal() {
      const records = [...changed].map(stepId => {
        const entry = entries.get(stepId)
        const value = entry === undefined ? null : runDelayedEmitCodec.encode(entry)
        return { topic: runState.name, partition: handle.shard, key: runStateKeys.delayed(stepId), value }
      })
      changed.clear()
      return records
    },
    close() {
      for (const timer of timers.values()) timer.cancel()
      timers.clear()
      entries.clear()
    },
  }
}

const sizeOf = ({ emit }: RunDelayedEmit): number => emit.payload.length + ENTRY_BYTES
