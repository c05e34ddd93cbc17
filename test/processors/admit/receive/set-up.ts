import { createAdmissionState } from '../../../../processors/admit/admission-state.ts'
import { createDeferredEmits } from '../../../../processors/admit/deferred-emits.ts'
import type { Emit } from '../../../../processors/admit/emit.ts'
import { createIngressPace } from '../../../../processors/admit/ingress-pace.ts'
import { createInputs } from '../../../../processors/admit/inputs.ts'
import { createPlatformEmitReader } from '../../../../processors/admit/read-platform-emit.ts'
import { createReceiver } from '../../../../processors/admit/receive.ts'
import { createSystemRandom } from '../../../../src/clock.ts'
import { createControlView } from '../../../../src/control-plane/store/view-store.ts'
import { buildIngressHeaders, createIngressTags } from '../../../../src/events/ingress.ts'
import type { LogRecord } from '../../../../src/kafka/ports.ts'
import type { Organization } from '../../../../src/model/organizations.ts'
import { control } from '../../../../topics/control.ts'
import { emits } from '../../../../topics/emits.ts'
import { createManualClock } from '../../../delivery/manual-clock.ts'
import { createNotingHandle, quiet } from '../in-process.ts'

export const tags = createIngressTags('a secret of sixteen characters')

export const VALUE = Buffer.from('{}')

export const WAIT_MS = 2_000

export const TOPIC = emits.nameFor('org_a', 'live')

/** Resumes the work that was waited for. */
export const settled = () => new Promise(resolve => setImmediate(resolve))

export function world({ shards = 1 } = {}) {
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
export function record(partition: number, offset: number, controlOffset = 0, topic = TOPIC): LogRecord {
  const headers = buildIngressHeaders(
    { fullName: 'aa.bb' },
    { controlOffset, actorId: 'key_1', requestId: 'req_1' },
    { topic, value: VALUE, tags },
  )
  const byName = Object.fromEntries(headers.map(([name, text]) => [name, Buffer.from(text)]))
  return { topic, partition, offset, timestampMs: 1_790_000_000_000, key: null, value: VALUE, headers: byName }
}
