import { describe, expect, it } from '@jest/globals'
import { createAdmissionState } from '../../../processors/admit/admission-state.ts'
import { createDeferredEmits } from '../../../processors/admit/deferred-emits.ts'
import type { Emit } from '../../../processors/admit/emit.ts'
import { createIngressPace } from '../../../processors/admit/ingress-pace.ts'
import { createInputs } from '../../../processors/admit/inputs.ts'
import { createPlatformEmitReader } from '../../../processors/admit/read-platform-emit.ts'
import { createReceiver } from '../../../processors/admit/receive.ts'
import { createSystemRandom } from '../../../src/clock.ts'
import { createControlView } from '../../../src/control-plane/store/view-store.ts'
import { buildIngressHeaders, createIngressTags } from '../../../src/events/ingress.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import type { Organization } from '../../../src/model/organizations.ts'
import { control } from '../../../topics/control.ts'
import { emits } from '../../../topics/emits.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { createNotingHandle, quiet } from './in-process.ts'

const tags = createIngressTags('a secret of sixteen characters')
const VALUE = Buffer.from('{}')
const WAIT_MS = 2_000
const TOPIC = emits.nameFor('org_a', 'live')
/** Resumes the work that was waited for. */
const settled = () => new Promise(resolve => setImmediate(resolve))

function world({ shards = 1 } = {}) {
  const clock = createManualClock()
  const view = createControlView({ clock })
  const handle = createNotingHandle()
  /** Records received and left, by partition: they come again when that is resumed, before anything else. */
  const leftOver = new Map<string, { records: LogRecord[]; nextOffset: number; isolated: boolean }>()
  let last: { records: LogRecord[]; nextOffset: number; isolated: boolean }
  const { pause, resume } = handle
  handle.pause = (topic, partition, left = 0) => {
    if (left > 0) leftOver.set(`${topic}/${partition}`, { ...last, records: last.records.slice(-left) })
    pause(topic, partition)
  }
  handle.resume = (topic, partition) => {
    resume(topic, partition)
    const again = leftOver.get(`${topic}/${partition}`)
    if (!again) return
    leftOver.delete(`${topic}/${partition}`)
    try {
      receive(again.records, again.nextOffset, again.isolated)
    } catch (error) {
      handle.failures.push(error as Error)
    }
  }
  const state = createAdmissionState({
    random: createSystemRandom(),
    nowMs: clock.nowMs,
    keysRemembered: () => undefined,
  })
  const inputs = createInputs({ handle, state, view, shards, logger: quiet })
  const emitted: Array<{ at: string; isolated: boolean; emit: Emit }> = []
  let failure: Error | undefined
  let full = false
  const receiver = createReceiver({
    ...{ handle, inputs, view, tags, clock, clockOffsetMs: 5_000, controlWaitMs: WAIT_MS },
    readPlatformEmit: createPlatformEmitReader({ view, clock, clockOffsetMs: 5_000, logger: quiet }),
    pace: createIngressPace({ clock }),
    isFull: () => full,
    deferred: createDeferredEmits({ handle, isOutOfReach: () => false }),
    settle(emit, isolated) {
      if (failure) throw failure
      emitted.push({ at: `${emit.record.topic}/${emit.position.partition}/${emit.position.offset}`, isolated, emit })
    },
  })
  function receive(records: LogRecord[], nextOffset: number, isolated: boolean): void {
    last = { records, nextOffset, isolated }
    receiver.receive(records, nextOffset, isolated)
  }
  let offset = 0
  const put = (id: string, changes: Partial<Organization> = {}) => {
    const record = {
      id,
      organizationId: id,
      status: 'active',
      partitions: 2,
      testEnvironment: false,
      slug: id,
      ...changes,
    }
    const value = Buffer.from(JSON.stringify(record))
    const key = Buffer.from(`organization/${id}/${id}`)
    view.apply({ topic: control.name, partition: 0, offset: offset++, timestampMs: 0, key, value, headers: {} })
  }
  put('org_a')
  return {
    ...{ clock, view, handle, state, inputs, receiver: { ...receiver, receive }, emitted, put },
    judged: () => emitted.map(each => each.at.replace(`${TOPIC}/`, '')),
    fill: (is: boolean) => {
      full = is
    },
    failWith: (error: Error) => {
      failure = error
    },
  }
}

/** A record of an api whose control view had reached `controlOffset`. */
function record(partition: number, offset: number, controlOffset = 0, topic = TOPIC): LogRecord {
  const headers = buildIngressHeaders(
    { fullName: 'aa.bb' },
    { controlOffset, actorId: 'key_1', requestId: 'req_1' },
    { topic, value: VALUE, tags },
  )
  const byName = Object.fromEntries(headers.map(([name, text]) => [name, Buffer.from(text)]))
  return { topic, partition, offset, timestampMs: 1_790_000_000_000, key: null, value: VALUE, headers: byName }
}

describe('records of an organization that the operator has limited', () => {
  const own = (partition: number, offset: number): LogRecord => ({
    ...record(partition, offset),
    headers: { 'clarion-name': Buffer.from('aa.bb') },
  })
  const many = (length: number) => Array.from({ length }, (_, offset) => own(0, offset))

  it('are read no faster, in order, and none is refused', () => {
    const { inputs, receiver, handle, emitted, clock, put } = world()
    put('org_a', { limits: { emitsPerSecond: 10 } })
    inputs.start()
    receiver.receive(many(40), 40, false)
    expect(emitted).toHaveLength(10)
    expect([...handle.paused]).toEqual([`${TOPIC}/0`])
    for (let passed = 0; passed < 1_000; passed += 50) clock.advance(50)
    expect(emitted.length).toBeGreaterThanOrEqual(18)
    expect(emitted.length).toBeLessThanOrEqual(20)
    for (let passed = 0; passed < 3_000; passed += 50) clock.advance(50)
    expect(emitted.map(({ emit }) => emit.position.offset)).toEqual(many(40).map(({ offset }) => offset))
    expect([...handle.paused]).toEqual([])
  })

  it('do not hold up emits over HTTP, which were limited before, and which count', () => {
    const { inputs, receiver, judged, put } = world()
    put('org_a', { limits: { emitsPerSecond: 2 } })
    inputs.start()
    receiver.receive([record(0, 0), record(0, 1), record(0, 2)], 3, false)
    receiver.receive([own(1, 0)], 1, false)
    expect(judged()).toEqual(['0/0', '0/1', '0/2'])
  })
})

describe('a record that waits for a newer control view', () => {
  it('holds up its own partition, in order, and no other', async () => {
    const { inputs, receiver, handle, judged, state, put } = world()
    inputs.start()
    receiver.receive([record(0, 0), record(0, 1, 1), record(0, 2)], 3, false)
    receiver.receive([record(1, 0), record(1, 1)], 2, false)
    expect(judged()).toEqual(['0/0', '1/0', '1/1'])
    expect([...handle.paused]).toEqual([`${TOPIC}/0`])
    expect([state.position(TOPIC, 0), state.position(TOPIC, 1)]).toEqual([1, 2])
    put('org_b')
    await settled()
    expect(judged()).toEqual(['0/0', '1/0', '1/1', '0/1', '0/2'])
    expect([...handle.paused]).toEqual([])
    expect(state.position(TOPIC, 0)).toBe(3)
  })

  it('is judged by the current view when a newer one does not come in time; the records behind it wait for themselves', async () => {
    const { inputs, receiver, handle, judged, clock } = world()
    inputs.start()
    receiver.receive([record(0, 0, 9), record(0, 1, 9), record(0, 2)], 3, false)
    clock.advance(WAIT_MS - 1)
    await settled()
    expect(judged()).toEqual([])
    clock.advance(1)
    await settled()
    expect(judged()).toEqual(['0/0'])
    expect([...handle.paused]).toEqual([`${TOPIC}/0`])
    clock.advance(WAIT_MS)
    await settled()
    expect(judged()).toEqual(['0/0', '0/1', '0/2'])
    expect([...handle.paused]).toEqual([])
  })

  it('does not wait when it only claims to have seen more: without a tag the header counts for nothing', () => {
    const { inputs, receiver, judged } = world()
    inputs.start()
    const forged = record(0, 0, 9)
    receiver.receive([{ ...forged, headers: { ...forged.headers, 'clarion-tag': Buffer.from('forged') } }], 1, false)
    expect(judged()).toEqual(['0/0'])
  })

  it('is dropped when the shard closes: nothing is judged afterwards', async () => {
    const { inputs, receiver, judged, put } = world()
    inputs.start()
    receiver.receive([record(0, 0, 1)], 1, false)
    receiver.close()
    put('org_b')
    await settled()
    expect(judged()).toEqual([])
  })

  it('gives the shard up when judging it throws, as it would have without waiting', async () => {
    const { inputs, receiver, handle, failWith, put } = world()
    inputs.start()
    receiver.receive([record(0, 0, 1)], 1, false)
    failWith(new Error('a fault'))
    put('org_b')
    await settled()
    expect(handle.failures.map(error => error.message)).toEqual(['a fault'])
    expect(() => receiver.receive([record(1, 0)], 1, false)).toThrow('a fault')
  })

  it('is still isolated after it has waited', async () => {
    const { inputs, receiver, emitted, put } = world()
    inputs.start()
    receiver.receive([record(0, 0, 1)], 1, true)
    put('org_b')
    await settled()
    expect(emitted.map(each => each.isolated)).toEqual([true])
  })
})

describe('a record of an organization that has too many relays waiting', () => {
  it('waits with the rest of its partition until there is capacity', () => {
    const { inputs, receiver, handle, judged, state, fill } = world()
    inputs.start()
    fill(true)
    receiver.receive([record(0, 0), record(0, 1)], 5, false)
    receiver.resume()
    expect(judged()).toEqual([])
    expect([...handle.paused]).toEqual([`${TOPIC}/0`])
    fill(false)
    receiver.resume()
    expect(judged()).toEqual(['0/0', '0/1'])
    expect([...handle.paused]).toEqual([])
    expect(state.position(TOPIC, 0)).toBe(5)
  })
})

describe('after a rollback', () => {
  it.each<[string, number, boolean]>([
    ['for the control plane', 1, false],
    ['for room', 0, true],
  ])('a record that has waited %s comes again, and waits again where it must', async (_, controlOffset, isFull) => {
    const { inputs, receiver, handle, judged, fill, put } = world()
    inputs.start()
    fill(isFull)
    receiver.receive([record(0, 0), record(0, 1, controlOffset)].slice(isFull ? 1 : 0), 2, false)
    receiver.rollback()
    expect([...handle.paused]).toEqual([`${TOPIC}/0`])
    fill(false)
    put('org_b')
    receiver.resume()
    await settled()
    expect(judged()).toEqual(isFull ? ['0/1'] : ['0/0', '0/1'])
    expect([...handle.paused]).toEqual([])
  })
})

describe('what is received', () => {
  it('moves the position to where reading goes on, beyond markers, only with the last record', () => {
    const { inputs, receiver, state, emitted } = world()
    inputs.start()
    receiver.receive([record(0, 4), record(0, 5)], 9, false)
    expect(state.position(TOPIC, 0)).toBe(9)
    expect(emitted[0]?.emit).toMatchObject({
      organizationId: 'org_a',
      environment: 'live',
      recordedAtMs: 1_790_000_005_000,
    })
  })

  it('is skipped when its topic belongs to no organization', () => {
    const { inputs, receiver, judged } = world()
    inputs.start()
    receiver.receive([record(0, 0, 0, 'emits.org_z')], 1, false)
    expect(judged()).toEqual([])
  })
})

describe('the inputs', () => {
  it('begin at the stored position, or at the earliest', () => {
    const { inputs, handle, state } = world()
    state.advance(TOPIC, 1, 42)
    inputs.start()
    expect([...handle.assigned]).toEqual([['platform.emits/0', 'earliest'], [`${TOPIC}/0`, 'earliest'], [`${TOPIC}/1`, 42]]) // biome-ignore format: pairs
  })

  it('follow organizations that come, grow, open their test environment and go, and none of another shard', () => {
    const { inputs, handle, put } = world({ shards: 2 })
    const mine = (id: string) => shardOf(id, 2) === 0
    const [own, others] = [
      ['org_b', 'org_c', 'org_d', 'org_e'].find(mine)!,
      ['org_b', 'org_c', 'org_d', 'org_e'].find(id => !mine(id))!,
    ]
    const partitions = () => [...handle.assigned.keys()].filter(key => key.startsWith(`emits.${own}`))
    inputs.start()
    put(others)
    put(own, { partitions: 1 })
    expect(partitions()).toEqual([`emits.${own}/0`])
    put(own, { partitions: 2, testEnvironment: true })
    expect(partitions()).toEqual([`emits.${own}/0`, `emits.${own}/1`, `emits.${own}.test/0`, `emits.${own}.test/1`])
    put(own, { partitions: 2, testEnvironment: true, status: 'deleted' })
    expect(partitions()).toEqual([])
    expect([...handle.assigned.keys()].some(key => key.startsWith(`emits.${others}`))).toBe(false)
    inputs.close()
    put(own, { partitions: 1 })
    expect(partitions()).toEqual([])
  })
})
