/** Platform emits for an organization whose log is unavailable wait in the shard's state, and delay no other. */
import { describe, expect, it } from '@jest/globals'
import { createDeferredEmits, DEFERRED_MAX } from '../../../processors/admit/deferred-emits.ts'
import type { Emit } from '../../../processors/admit/emit.ts'
import { createControlView } from '../../../src/control-plane/store/view-store.ts'
import { controlHeaders, platformEmit } from '../../../src/ingress/platform-emit.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { admissionCounters, inputPositionCodec } from '../../../topics/admission-counters.ts'
import { admissionDeferred } from '../../../topics/admission-deferred.ts'
import { control } from '../../../topics/control.ts'
import { events } from '../../../topics/events.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { asExample, asRecord, examplesOf } from '../../topics/example-records.ts'
import { asRead, createExamplesClock, createNotingHandle, openAdmit } from './in-process.ts'

const [example] = examplesOf(platformEmits.name)
const ORGANIZATION = example!.key as string
const LOG = events.nameFor(ORGANIZATION, 'live')

/** A built-in event, as `platform.emits` has it. */
function builtIn(offset: number, organizationId = ORGANIZATION): LogRecord {
  const { payload, ...facts } = example!.value as Omit<PlatformEmit, 'payload'> & { payload: string }
  const emit = platformEmit({ ...facts, organizationId, id: `builtin/${offset}`, payload: Buffer.from(payload) })
  return {
    ...{ topic: platformEmits.name, partition: 0, offset, timestampMs: 1_785_000_000_000, headers: {} },
    ...{ key: Buffer.from(organizationId), value: platformEmitCodec.encode(emit) },
  }
}

function opened(state: LogRecord[] = [], changes: Parameters<typeof openAdmit>[0] = {}) {
  const made = openAdmit({ state, ...changes })
  made.handle.away.add(LOG)
  void made.shard.start()
  const seal = () => [...made.handle.written.splice(0), ...made.shard.seal()]
  const input = () => [...made.handle.offered.keys()]
  /** Judges offered records, in order, as the runtime does when the log is available again. */
  const takeOffered = () => {
    for (const record of made.handle.offered.get(input()[0]!)!.splice(0))
      made.shard.receive([record], record.offset + 1, false)
  }
  return {
    ...made,
    seal,
    input,
    takeOffered,
    receive: (record: LogRecord) => made.shard.receive([record], record.offset + 1, false),
  }
}

const positionIn = (written: ReturnType<ReturnType<typeof opened>['seal']>) => {
  const record = written.find(
    ({ topic, key }) => topic === admissionCounters.name && String(key) === `position/${platformEmits.name}/0`,
  )
  return record && inputPositionCodec.decode(record.value as Buffer).nextOffset
}
const topicsOf = (written: ReadonlyArray<{ topic: string }>) => written.map(({ topic }) => topic)

describe('a record of platform.emits for a log that takes nothing', () => {
  it('is deferred in the transaction that moves the position; later records for that log stay behind it', () => {
    const { receive, seal, shard, handle, input, takeOffered, verdicts } = opened()
    receive(builtIn(5_000))
    const deferred = seal()
    expect(topicsOf(deferred)).not.toContain(LOG)
    expect(topicsOf(deferred)).toContain(admissionDeferred.name)
    expect(positionIn(deferred)).toBe(5_001)
    shard.committed!()
    // Available again, but the waiting records have not been judged.
    handle.away.clear()
    receive(builtIn(5_001))
    expect(verdicts).toEqual([])
    expect(handle.offered.get(input()[0]!)?.map(({ offset }) => offset)).toEqual([5_000, 5_001])
    takeOffered()
    const judged = seal()
    expect(judged.filter(({ topic }) => topic === LOG)).toHaveLength(2)
    expect(judged.filter(({ topic, value }) => topic === admissionDeferred.name && value === null)).toHaveLength(2)
    shard.committed!()
    receive(builtIn(5_002))
    expect(topicsOf(seal())).toContain(LOG)
    shard.close()
  })

  it('keeps its id, and is offered again by the next owner of the shard', () => {
    const early = opened()
    early.handle.away.clear()
    early.receive(builtIn(5_000))
    const atOnce = early.seal().filter(({ topic }) => topic === LOG).map(asExample) // biome-ignore format: one thought
    early.shard.close()

    const first = opened()
    first.receive(builtIn(5_000))
    const state = asRead(first.seal())
    first.shard.close()
    const next = opened(state)
    next.takeOffered()
    expect(next.seal().filter(({ topic }) => topic === LOG).map(asExample)).toEqual(atOnce) // biome-ignore format: one thought
    next.shard.close()
  })

  it('waits for the control view that its sender had, also at the next owner of the shard', () => {
    const first = opened()
    const newest = { ...builtIn(5_000), headers: controlHeaders(1) }
    first.receive(newest)
    const state = asRead(first.seal())
    first.shard.close()
    // The next owner has seen nothing of the control plane after its first record.
    const view = createControlView({ clock: createExamplesClock() })
    view.apply(asRecord(examplesOf(control.name)[0]!, { offset: 0 }))
    const next = opened(state, { view })
    next.takeOffered()
    expect(next.handle.paused).toEqual(new Set([`${next.input()[0]}/0`]))
    expect(next.verdicts).toEqual([])
    next.shard.close()
  })

  it('is judged without its log once its organization is deleted for good', () => {
    const handle = createNotingHandle()
    let isGone = false
    const deferred = createDeferredEmits({ handle, isOutOfReach: () => isGone })
    handle.away.add(LOG)
    deferred.add(emitAt(1))
    expect([...handle.offered.keys()]).toEqual([`admission.deferred/${LOG}`])
    isGone = true
    deferred.letGo()
    expect([...handle.offered.keys()]).toEqual(['admission.deferred/'])
    expect(deferred.takes(emitAt(2))).toBe(false)
    expect(deferred.forget(ORGANIZATION)).toBe(false)
    deferred.remove(handle.offered.get('admission.deferred/')![0]!)
    expect(deferred.forget(ORGANIZATION)).toBe(true)
  })

  it('is bounded by number and by size, until less than half is left', () => {
    const handle = createNotingHandle()
    const deferred = createDeferredEmits({ handle, isOutOfReach: () => false })
    const large = Math.ceil(DEFERRED_MAX.bytes / 4)
    for (let offset = 0; offset < 4; offset++) deferred.add(emitAt(offset, Buffer.alloc(large)))
    expect([deferred.isFull(), deferred.isFull(true)]).toEqual([true, true])
    for (const record of [...handle.offered.values()][0]!.slice(0, 3)) deferred.remove(record)
    expect([deferred.isFull(), deferred.isFull(true)]).toEqual([false, false])
    for (let offset = 10; offset < 10 + DEFERRED_MAX.emits - 2; offset++) deferred.add(emitAt(offset))
    expect(deferred.isFull()).toBe(false)
    deferred.add(emitAt(20_000))
    expect(deferred.isFull()).toBe(true)
    deferred.rollback()
    expect(deferred.isFull()).toBe(false)
  })
})

function emitAt(offset: number, value = Buffer.from('x')): Emit {
  const record = { ...builtIn(offset), value }
  const position = {
    timestampMs: record.timestampMs,
    partition: 0,
    offset,
    organizationId: ORGANIZATION,
    environment: 'live',
    kind: 'platform',
  }
  return { record, position, organizationId: ORGANIZATION, environment: 'live' } as unknown as Emit
}
