/**
 * From records to emits. A record whose api had a newer control view than this process waits for that view, together
 * with the rest of its partition, which keeps its order; other partitions go on. The same holds for a record of an
 * organization that has too many relays waiting. Platform emits for an organization whose log is unavailable are
 * deferred, since their partition is shared.
 */
import type { Clock } from '../../src/clock.ts'
import { type IngressTags, readIngress } from '../../src/events/ingress.ts'
import type { LogRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { eventOfSchema } from '../../src/kafka-access/schema-ids.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { emitId, type IngressPosition } from '../../src/model/ids.ts'
import { platformEmits } from '../../topics/platform-emits.ts'
import { type DeferredEmits, isDeferred } from './deferred-emits.ts'
import type { Emit } from './emit.ts'
import type { IngressPace } from './ingress-pace.ts'
import type { Inputs } from './inputs.ts'
import type { ReadPlatformEmit } from './read-platform-emit.ts'

export interface Receiver {
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  /** Resumes the partitions of organizations that are below their limit again. */
  resume(): void
  /** Waiting records are received again. */
  rollback(): void
  close(): void
}

/** A partition that is paused. */
interface Waiting {
  topic: string
  partition: number
  /** Whether it may go on, if only a check can tell; undefined: it goes on when the control view does. */
  isOver: (() => boolean) | undefined
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
  deferred: DeferredEmits
  pace: IngressPace
  /** Whether the organization may accept nothing more for now; `again`: whether it is still too full to resume. */
  isFull(organizationId: string, again?: boolean): boolean
}): Receiver {
  const { handle, inputs, view, clock } = deps
  let waiting = new Set<Waiting>()
  /** By partition: the record that has waited for the control view long enough. */
  const hasWaited = new Map<string, number>()

  function emitOf(record: LogRecord, isolated: boolean): Emit | undefined {
    if (record.topic === platformEmits.name) return deps.readPlatformEmit(record, isolated)
    if (isDeferred(record)) return deps.readPlatformEmit({ ...record, topic: platformEmits.name }, isolated)
    const input = inputs.of(record.topic)
    if (!input) return undefined
    const { organizationId, environment } = input
    const position: IngressPosition = {
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
      position,
      emitId: emitId(position),
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

  /** Judges records one by one, and stops at the first that must wait: it comes again, with those behind it. */
  function receive(records: LogRecord[], nextOffset: number, isolated: boolean): void {
    for (const [index, record] of records.entries()) {
      const emit = emitOf(record, isolated)
      if (emit && mustWait(emit, record, records.length - index)) return
      if (!emit && !isOfPlatform(record)) continue
      if (emit && isToBeDeferred(emit, record)) deps.deferred.add(emit)
      else if (emit) deps.settle(emit, isolated)
      if (isDeferred(record)) deps.deferred.remove(record)
      else {
        const next = index === records.length - 1 ? nextOffset : record.offset + 1
        inputs.advance(record.topic, record.partition, next, record.leaderEpoch)
      }
    }
  }

  const isOfPlatform = (record: LogRecord): boolean => record.topic === platformEmits.name || isDeferred(record)

  /** The runtime holds the ingress of an organization while its log is unavailable. */
  const isToBeDeferred = (emit: Emit, record: LogRecord): boolean =>
    record.topic === platformEmits.name && deps.deferred.takes(emit)

  /** `left`: the record and those behind it. */
  function mustWait(emit: Emit, record: LogRecord, left: number): boolean {
    const input = inputOf(record)
    const wanted = emit.request.platform?.controlOffset ?? -1
    // Deferred records have waited already, perhaps in another process.
    if (wanted > view.appliedOffset && hasWaited.get(input) !== record.offset) {
      waitForControl(wait(record, left, undefined), wanted, record.offset)
      return true
    }
    if (!emit.platform && deps.isFull(emit.organizationId))
      wait(record, left, () => !deps.isFull(emit.organizationId, true))
    else if (isToBeDeferred(emit, record) && deps.deferred.isFull()) wait(record, left, hasRoomAgain)
    else if (!waitsForPace(emit, record, left)) {
      hasWaited.delete(input)
      return false
    }
    return true
  }

  function waitsForPace({ organizationId, platform, request }: Emit, record: LogRecord, left: number): boolean {
    if (platform !== undefined) return false
    const waitMs = deps.pace.waitMs(view.organization(organizationId), request.platform === null)
    if (waitMs === 0) return false
    const one = wait(record, left, undefined)
    clock.after(waitMs, () => goOn(one))
    return true
  }

  const hasRoomAgain = (): boolean => !deps.deferred.isFull(true)

  function wait({ topic, partition }: LogRecord, left: number, isOver: Waiting['isOver']): Waiting {
    const one = { topic, partition, isOver }
    waiting.add(one)
    handle.pause(topic, partition, left)
    return one
  }

  function goOn(one: Waiting): void {
    if (waiting.delete(one)) handle.resume(one.topic, one.partition)
  }

  function waitForControl(one: Waiting, controlOffset: number, offset: number): void {
    void view.waitFor(controlOffset, deps.controlWaitMs).then(() => {
      if (waiting.has(one)) hasWaited.set(inputOf(one), offset)
      goOn(one)
    })
  }

  return {
    receive,
    resume() {
      for (const one of [...waiting]) if (one.isOver?.()) goOn(one)
    },
    rollback() {
      for (const one of [...waiting]) goOn(one)
    },
    close() {
      waiting = new Set()
    },
  }
}

const inputOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`
