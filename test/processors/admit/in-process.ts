/** `admit` without Kafka: a control view made of the examples, and a shard's handle that records its calls. */
import type { Verdict } from '../../../processors/admit/emit.ts'
import { type AdmitDependencies, createAdmit } from '../../../processors/admit/index.ts'
import { createSystemRandom } from '../../../src/clock.ts'
import { createControlView } from '../../../src/control-plane/store/view-store.ts'
import { createChainTokens } from '../../../src/events/chain.ts'
import { createIngressTags } from '../../../src/events/ingress.ts'
import type { LogRecord, OutRecord, ShardHandle, Unavailable } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { Kind } from '../../../src/model/records.ts'
import { createValidators } from '../../../src/registry/validators.ts'
import { admissionCounters } from '../../../topics/admission-counters.ts'
import { admissionKeys } from '../../../topics/admission-keys.ts'
import { control } from '../../../topics/control.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { asRecord, EXAMPLES_AT_MS, EXAMPLES_SECRET, examplesOf } from '../../topics/example-records.ts'

/** Two milliseconds after the broker received the examples. */
export const createExamplesClock = () => createManualClock(EXAMPLES_AT_MS + 2)

/** The control plane that the examples of `control` describe, without the kinds left out; offsets are their indexes. */
export function createExamplesView(clock = createExamplesClock(), without: readonly Kind[] = []) {
  const view = createControlView({ clock })
  for (const [offset, example] of examplesOf(control.name).entries()) {
    const kind = String(example.key).split('/')[0] as Kind
    if (!without.includes(kind)) view.apply(asRecord(example, { offset }))
  }
  return view
}

const validators = createValidators({ cacheMax: 10 })

/** A shard that is restored from the examples of its state, and from `state`; not started yet. */
export function openAdmit({ state = [], ...changes }: Partial<AdmitDependencies> & { state?: LogRecord[] } = {}) {
  const verdicts: Verdict[] = []
  const clock = createExamplesClock()
  const admit = createAdmit({
    ...{
      view: createExamplesView(clock),
      shards: 1,
      clock,
      random: createSystemRandom(),
      clockOffsetMs: 0,
      batchRecordsMax: 100,
      logger: quiet,
      validate: validators.validate,
    },
    ...{ chains: createChainTokens(EXAMPLES_SECRET), tags: createIngressTags(EXAMPLES_SECRET) },
    onVerdict: verdict => void verdicts.push(verdict),
    ...changes,
  })
  const handle = createNotingHandle()
  const shard = admit.open(handle)
  for (const topic of [admissionCounters, admissionKeys])
    for (const known of examplesOf(topic.name)) shard.restore(asRecord(known))
  for (const known of state) shard.restore(known)
  return { shard, handle, verdicts }
}

/**
 * One transaction of these records of one partition, on a shard restored from the examples of its state, and `state`.
 */
export function admitAll(
  records: LogRecord[],
  { isolated = false, ...changes }: Parameters<typeof openAdmit>[0] & { isolated?: boolean } = {},
): { verdicts: Verdict[]; written: OutRecord[] } {
  const { shard, handle, verdicts } = openAdmit(changes)
  void shard.start()
  shard.receive(records, records.at(-1)!.offset + 1, isolated)
  const written = [...handle.written, ...shard.seal()]
  shard.close()
  return { verdicts, written }
}

/** The state that a transaction leaves, for the next reader. */
export const asRead = (written: OutRecord[]): LogRecord[] =>
  written
    .filter(({ topic }) => topic.startsWith('admission.'))
    .map(({ topic, partition, key, value }, offset) => ({
      ...{ topic, partition, offset, timestampMs: 0, headers: {} },
      ...{ key: key === null ? null : Buffer.from(key), value: value as Buffer },
    }))

export interface NotingHandle extends ShardHandle {
  written: OutRecord[]
  assigned: Map<string, number | 'earliest'>
  paused: Set<string>
  failures: Error[]
  /** Offered records, by name. */
  offered: Map<string, LogRecord[]>
  /** Topics that are unavailable for writing. */
  away: Set<string>
}

export function createNotingHandle(): NotingHandle {
  const written: OutRecord[] = []
  const assigned = new Map<string, number | 'earliest'>()
  const paused = new Set<string>()
  const failures: Error[] = []
  const offered = new Map<string, LogRecord[]>()
  const away = new Set<string>()
  const unavailable = (topic: string): Unavailable | undefined =>
    away.has(topic) ? { topic, reason: 'unknown_topic', sinceMs: 0, isPaused: true } : undefined
  return {
    ...{ role: 'admit', shard: 0, written, assigned, paused, failures, offered, away, unavailable },
    write: records => void written.push(...records),
    assign: (topic, partition, from) => void assigned.set(`${topic}/${partition}`, from),
    unassign(topic, partition) {
      assigned.delete(`${topic}/${partition}`)
      offered.delete(topic)
    },
    offer: (topic, _partition, records) => void offered.set(topic, [...(offered.get(topic) ?? []), ...records]),
    pausedTopics: () => Array.from(away, topic => unavailable(topic)!),
    position: () => undefined,
    pause: (topic, partition) => void paused.add(`${topic}/${partition}`),
    resume: (topic, partition) => void paused.delete(`${topic}/${partition}`),
    isHeld: () => true,
    uncommittedForMs: () => 0,
    fail: error => void failures.push(error),
  }
}

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
