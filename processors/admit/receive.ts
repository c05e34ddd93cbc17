/**
 * From records to emits. A record whose api had seen a newer control plane than this process waits for it, and with it the rest of its
 * partition, which keeps its order; other partitions go on.
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
  close(): void
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
}): Receiver {
  const { handle, inputs, view, clock } = deps
  let closed = false

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
          wait(records, at, nextOffset, isolated, wanted)
          return false
        }
        deps.settle(emit, isolated)
      } else if (record.topic !== platformEmits.name) continue
      inputs.advance(record.topic, record.partition, at === records.length - 1 ? nextOffset : record.offset + 1)
    }
    return true
  }

  function wait(records: LogRecord[], index: number, nextOffset: number, isolated: boolean, controlOffset: number): void {
    const { topic, partition } = records[index]!
    handle.pause(topic, partition)
    void view.waitFor(controlOffset, deps.controlWaitMs).then(() => {
      if (closed) return
      try {
        if (process(records, index, nextOffset, isolated, true)) handle.resume(topic, partition)
      } catch (error) {
        handle.fail(error as Error)
      }
    })
  }

  return {
    receive: (records, nextOffset, isolated) => void process(records, 0, nextOffset, isolated, false),
    close() {
      closed = true
    },
  }
}
