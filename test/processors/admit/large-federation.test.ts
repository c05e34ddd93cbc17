/**
 * An event for five thousand organizations, on a real broker: it is written in parts, while others are judged, while
 * the shard crashes and moves, and while members and groups leave. The other shards are left out: the records for the
 * members are read directly.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type AdmitDependencies, createAdmit } from '../../../processors/admit/index.ts'
import { createSystemRandom } from '../../../src/clock.ts'
import { createChainTokens } from '../../../src/events/chain.ts'
import { createIngressTags } from '../../../src/events/ingress.ts'
import { provision } from '../../../src/kafka/admin/provisioning.ts'
import type { LogRecord, OutRecord, Processor } from '../../../src/kafka/ports.ts'
import { openWire } from '../../../src/kafka/protocol/wire.ts'
import { runShardedProcessor, type ShardedProcessor } from '../../../src/kafka/runtime/sharded-processor.ts'
import { createAppender } from '../../../src/kafka/write/appender.ts'
import { createLogger } from '../../../src/logger.ts'
import { admissionRelays } from '../../../topics/admission-relays.ts'
import { auditEmits, auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { auditRelays, auditRelaysCodec } from '../../../topics/audit-relays.ts'
import { emits } from '../../../topics/emits.ts'
import { events } from '../../../topics/events.ts'
import { SHARED_TOPICS } from '../../../topics/index.ts'
import { platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { type TestRuntime, testRuntime } from '../../support/runtime.ts'
import { quiet } from './in-process.ts'
import { clock, createWorld, MEMBERS, NEIGHBOUR, SHARD, SHARDS, SOURCE } from './large-federation-world.ts'

const EMITS = 2
/** Several megabytes for each emit, so that it takes several transactions. */
const PAYLOAD_BYTES = 500
const TRANSACTION_BYTES_MAX = 2 * 1024 * 1024

const logger = createLogger('silent')

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
  const wire = await openWire(runtime.kafka, logger)
  const settings = {
    kafka: runtime.kafka,
    wire,
    shards: SHARDS,
    replicationFactor: 1,
    topicDefaults: {},
    clock,
    logger,
  }
  await (await provision(settings)).close()
  await wire.close()
  for (const topic of SHARED_TOPICS)
    if (topic.partitions === 'shards' && isUsed(topic.name)) await runtime.createTopic(topic.name, SHARDS)
  for (const organization of [SOURCE, NEIGHBOUR])
    for (const topic of [emits, events]) await runtime.createTopic(topic.nameFor(organization, 'live'))
}, 60_000)
const closing: Array<() => Promise<void>> = []
afterAll(async () => {
  for (const close of closing) await close()
  await runtime.close()
}, 60_000)

const isUsed = (name: string) =>
  name.startsWith('admission.') || name.startsWith('audit.') || name === platformEmits.name

/**
 * `admit` on topics of this test, its other shards idle; `onCommit` is called after each transaction with the number of
 * relays written so far.
 */
function watched(deps: AdmitDependencies, watch: Watch): Processor {
  const admit = createAdmit(deps)
  const [own, base] = [
    (topic: string) => runtime.name(topic),
    (topic: string) => topic.slice(0, topic.lastIndexOf('.')),
  ]
  const asOwn = (record: OutRecord): OutRecord => ({ ...record, topic: own(record.topic) })
  const asBase = (record: LogRecord): LogRecord => ({ ...record, topic: base(record.topic) })
  return {
    ...admit,
    role: watch.role,
    stateTopics: admit.stateTopics.map(own),
    foreign: topic => admit.foreign!(base(topic)),
    open(handle) {
      let bytes = 0
      const count = (records: OutRecord[]) => {
        for (const { topic, value } of records) {
          bytes += value?.length ?? 0
          watch.onWrite(topic)
        }
        return records.map(asOwn)
      }
      const task = admit.open({
        ...handle,
        write: records => handle.write(count(records)),
        assign: (topic, partition, from) => topic === platformEmits.name || handle.assign(own(topic), partition, from),
        unassign: (topic, partition) => handle.unassign(own(topic), partition),
        pause: (topic, partition) => handle.pause(own(topic), partition),
        resume: (topic, partition) => handle.resume(own(topic), partition),
      })
      return {
        ...task,
        restore: record => task.restore(asBase(record)),
        receive: (records, nextOffset, isolated) => task.receive(records.map(asBase), nextOffset, isolated),
        seal() {
          const records = count(task.seal())
          watch.largest = Math.max(watch.largest, bytes)
          bytes = 0
          return records
        },
        committed() {
          task.committed!()
          if (handle.shard === SHARD) watch.onCommit(error => handle.fail(error))
        },
      }
    },
  }
}

interface Watch {
  role: string
  largest: number
  onWrite(topic: string): void
  onCommit(fail: (error: Error) => void): void
}

it(`an event for ${MEMBERS} organizations reaches each once and in order, in small transactions, though shard, members and groups go in the middle`, async () => {
  const { view, group, push, member } = createWorld()
  const random = createSystemRandom()
  let [relays, crashes, relaysBeforeNeighbour] = [0, 0, 0]
  let halfWay: () => void = () => undefined
  const movesNow = new Promise<void>(resolve => {
    halfWay = resolve
  })
  const watch: Watch = {
    role: runtime.name('admit'),
    largest: 0,
    onWrite(topic) {
      if (topic === platformEmits.name) relays++
      if (topic === events.nameFor(NEIGHBOUR, 'live')) relaysBeforeNeighbour = relays
    },
    onCommit(fail) {
      if (relays > 3_000 && crashes === 0) {
        crashes++
        member(4_999, 'removed')
        push(3, false)
        group(3, 'archived')
        fail(new Error('a crash'))
      }
      if (relays > 5_500) halfWay()
    },
  }
  const deps: AdmitDependencies = {
    ...{
      view,
      shards: SHARDS,
      clock,
      random,
      clockOffsetMs: 0,
      batchRecordsMax: 1_000,
      logger: quiet,
      validate: () => [],
    },
    ...{
      chains: createChainTokens('a secret of sixteen characters'),
      tags: createIngressTags('a secret of sixteen characters'),
    },
    onVerdict: () => undefined,
  }
  const run = async (): Promise<ShardedProcessor> => {
    const processor = await runShardedProcessor({
      ...{ kafka: runtime.kafka, processor: watched(deps, watch), clock, random, logger },
      metrics: { transaction: () => undefined, reopened: () => undefined, assigned: () => undefined },
      onFatal(error) {
        throw error
      },
    })
    closing.push(() => processor.close())
    return processor
  }

  const appender = createAppender({ kafka: runtime.kafka, clock, logger, persistMs: 10_000 })
  closing.push(() => appender.close())
  const value = (n: number) => JSON.stringify({ n, text: 'x'.repeat(PAYLOAD_BYTES) })
  const emit = (organization: string, n: number) =>
    appender.append({
      topic: runtime.name(emits.nameFor(organization, 'live')),
      ...{ partition: 0, key: null, value: value(n), headers: [['name', 'acme.order']] },
    })
  for (let n = 0; n < EMITS; n++) await emit(SOURCE, n)
  await emit(NEIGHBOUR, 0)
  const first = await run()
  await movesNow
  await first.close()
  expect(relays).toBeLessThan(MEMBERS * EMITS - 1_500)
  await run()

  // Every member but the paused one, for each emit: also those that left later, since they were members when the event
  // was accepted.
  const expected = (MEMBERS - 1) * EMITS
  const found = new Map<string, number[]>()
  let count = 0
  const others = Array.from({ length: SHARDS }, (_, shard) => shard).filter(shard => shard !== SHARD)
  const tails = others.map(shard => runtime.tail(runtime.name(platformEmits.name), shard))
  await new Promise<void>(resolve => {
    for (const tail of tails) {
      let read = 0
      void tail.until(records => {
        for (; read < records.length; read++) {
          const { memberId, payload } = platformEmitCodec.decode(records[read]!.value!)
          found.set(memberId!, [...(found.get(memberId!) ?? []), (JSON.parse(payload.toString()) as { n: number }).n])
          count++
        }
        if (count >= expected) resolve()
        return false
      })
    }
  })
  expect(crashes).toBe(1)
  expect(found.size).toBe(MEMBERS - 1)
  for (const numbers of found.values()) expect(numbers).toEqual([0, 1])
  expect([found.has('cefm_7'), found.has('cefm_4999'), found.has('cefm_3')]).toEqual([false, true, true])

  // The relay log agrees, and the neighbor did not wait for the end of it.
  const log = await runtime
    .tail(runtime.name(auditRelays.name), SHARD)
    .until(records => rowsOf(records).length >= MEMBERS * EMITS)
    .then(rowsOf)
  const states = Object.groupBy(log, ({ status, skipReason }) => skipReason ?? status)
  expect(Object.fromEntries(Object.entries(states).map(([state, rows]) => [state, rows!.length]))).toEqual({
    queued: expected,
    paused: EMITS,
  })
  expect(new Set(log.map(row => row.relayId)).size).toBe(MEMBERS * EMITS)
  expect(relaysBeforeNeighbour).toBeLessThan(MEMBERS)
  expect(watch.largest).toBeLessThan(TRANSACTION_BYTES_MAX)
  const verdicts = await runtime
    .tail(runtime.name(auditEmits.name), SHARD)
    .until(records => verdictsOf(records).length >= EMITS + 1)
  expect(verdictsOf(verdicts).map(({ verdict, sequence }) => [verdict, sequence])).toEqual([
    ['accepted', 1],
    ['accepted', 2],
    ['accepted', 1],
  ])

  // Nothing is left in the state.
  const state = await runtime.tail(runtime.name(admissionRelays.name), SHARD).until(records => records.some(isLast))
  const newest = new Map(
    state.filter(record => record.key!.toString() !== 'barrier').map(({ key, value }) => [key!.toString(), value]),
  )
  expect([...newest.values()].filter(value => value !== null)).toEqual([])
  expect(newest.size).toBeGreaterThan(EMITS)
}, 60_000)

const rowsOf = (records: LogRecord[]) => records.flatMap(({ value }) => auditRelaysCodec.decode(value!).relays)
const verdictsOf = (records: LogRecord[]) => records.flatMap(({ value }) => auditEmitsCodec.decode(value!).verdicts)

let tombstones = 0
/** The tombstone of the second event. */
function isLast({ key, value }: LogRecord): boolean {
  return key!.toString().startsWith('event/') && value === null && ++tombstones >= EMITS
}
