/**
 * From records to emits. A record whose api had seen a newer control plane than this process waits for it, and with it the rest of its
 * partition, which keeps its order; other partitions go on. So does a record of an organization that has too many relays waiting.
 */
import type { Clock } from '../../src/clock.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import { emitId, type IngressPlace } from '../../src/events/ids.ts'
import { type IngressTags, readIngress } from '../../src/events/ingress.ts'
import type { LogRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { eventOfSchema } from '../../src/kafka-access/schema-ids.ts'
import { platformEmits } from '../../topics/platform-emits.ts'
import type { Emit } from './emit.ts'
import type { Inputs } from './inputs.ts'
import type { ReadPlatformEmit } from './read-platform-emit.ts'

export interface Receiver {
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  /** Goes on with the partitions of organizations that are full no more. */
  resume(): void
  /** Forgets what waits: it will be received again. */
  rollback(): void
  close(): void
}

interface Waiting {
  topic: string
  partition: number
  /** Who has too many relays waiting; undefined: it waits for the control plane. */
  organizationId: string | undefined
  /** Judges from there on; false when it waits again. */
  process(): boolean
}

export function createReceiver(deps: {
  handle: ShardHandle
  inputs: Inputs
  view: ControlView
  tags: IngressTags
  readPlatformEmit: ReadPlatformEmit
  clock: Clock
  clockOffsetMs: number
  controlWaitMs: number
  settle(emit: Emit, isolated: boolean): void
  /** Whether nothing more of the organization is to be accepted for now; `again`: whether that has not changed enough. */
  isFull(organizationId: string, again?: boolean): boolean
}): Receiver {
  const { handle, inputs, view, clock } = deps
  /** Partitions that wait, and how they go on. Replaced when what waits is not to go on any more. */
  let waiting = new Set<Waiting>()

  function emitOf(record: LogRecord, isolated: boolean): Emit | undefined {
    if (record.topic === platformEmits.name) return deps.readPlatformEmit(record, isolated)
    const input = inputs.of(record.topic)
    if (!input) return undefined
    const { organizationId, environment } = input
    const place: IngressPlace = {
      timestampMs: record.timestampMs,
      partition: record.partition,
      offset: record.offset,
      organizationId,
      environment,
      kind: 'emits',
    }
    const request = readIngress(
      deps.clockOffsetMs === 0 ? record : { ...record, timestampMs: record.timestampMs + deps.clockOffsetMs },
      deps.tags,
      schemaId => eventOfSchema(view.list('registration', organizationId), schemaId),
    )
    return {
      record,
      place,
      emitId: emitId(place),
      organizationId,
      environment,
      request,
      payload: request.payload,
      recordedAtMs: record.timestampMs + deps.clockOffsetMs,
      judgedAtMs: Math.round(clock.nowMs()),
      logPartition: record.partition,
      logKey: record.key,
      platform: undefined,
    }
  }

  /** Judges from `index` on; stops at a record that must wait, unless it has waited. False when it stopped. */
  function process(records: LogRecord[], index: number, nextOffset: number, isolated: boolean, waited: boolean): boolean {
    for (let at = index; at < records.length; at++) {
      const record = records[at]!
      const emit = emitOf(record, isolated)
      if (emit) {
        const wanted = emit.request.platform?.controlOffset ?? -1
        if (wanted > view.appliedOffset && !(waited && at === index)) {
          waitForControl(
            wait(record, undefined, () => process(records, at, nextOffset, isolated, true)),
            wanted,
          )
          return false
        }
        if (!emit.platform && deps.isFull(emit.organizationId)) {
          wait(record, emit.organizationId, () => process(records, at, nextOffset, isolated, waited))
          return false
        }
        deps.settle(emit, isolated)
      } else if (record.topic !== platformEmits.name) continue
      inputs.advance(record.topic, record.partition, at === records.length - 1 ? nextOffset : record.offset + 1)
    }
    return true
  }

  function wait({ topic, partition }: LogRecord, organizationId: string | undefined, process: () => boolean): Waiting {
    const one = { topic, partition, organizationId, process }
    waiting.add(one)
    handle.pause(topic, partition)
    return one
  }

  function goOn(one: Waiting): void {
    if (!waiting.delete(one)) return
    try {
      if (one.process()) handle.resume(one.topic, one.partition)
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  function waitForControl(one: Waiting, controlOffset: number): void {
    void view.waitFor(controlOffset, deps.controlWaitMs).then(() => goOn(one))
  }

  return {
    receive: (records, nextOffset, isolated) => void process(records, 0, nextOffset, isolated, false),
    resume() {
      for (const one of [...waiting]) if (one.organizationId !== undefined && !deps.isFull(one.organizationId, true)) goOn(one)
    },
    rollback() {
      const forgotten = waiting
      waiting = new Set()
      for (const { topic, partition } of forgotten) handle.resume(topic, partition)
    },
    close() {
      waiting = new Set()
    },
  }
}
