/**
 * `deliver` on a real broker: topics of its own for each test file (one partition, hence one shard, for each test), a
 * control view that the test fills, and shards that can be stopped as a crash does and opened again.
 */

import type { LogSource } from '../../../processors/deliver/catch-up/log-merge.ts'
import { createDeliver, type DeliverDependencies } from '../../../processors/deliver/index.ts'
import { createSystemClock, createSystemRandom } from '../../../src/clock.ts'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import { WEBHOOK_DEFAULTS } from '../../../src/control-plane/webhooks/webhooks.ts'
import { createSecretBox } from '../../../src/crypto/secret-box.ts'
import { createAddressGuard } from '../../../src/delivery/address-guard.ts'
import { createSender } from '../../../src/delivery/send.ts'
import { createChainTokens } from '../../../src/events/chain.ts'
import { eventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord, OutRecord, Processor, ShardHandle } from '../../../src/kafka/ports.ts'
import { openWire, type Wire } from '../../../src/kafka/protocol/wire.ts'
import { createLogEnds } from '../../../src/kafka/read/log-ends.ts'
import { createLogPages } from '../../../src/kafka/read/log-pages.ts'
import { createLogReader } from '../../../src/kafka/read/log-reader.ts'
import { createShard } from '../../../src/kafka/runtime/shard.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import { createLogger } from '../../../src/logger.ts'
import { createIds, emitId, eventId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/records.ts'
import { type AttemptRow, auditAttempts, auditAttemptsCodec } from '../../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec, type CompletionRow } from '../../../topics/audit-emits.ts'
import { deliveries, deliveryRecordCodec, type EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryCommand, deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import { deliveriesDeadLetter } from '../../../topics/deliveries-dead-letter.ts'
import { RETRY_TIERS, type RetryRecord, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import { deliveryCatchUps } from '../../../topics/delivery-catch-ups.ts'
import { deliveryState } from '../../../topics/delivery-state.ts'
import { events as eventsTopic } from '../../../topics/events.ts'
import { configOf } from '../../../topics/topic.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'
import { type TestRuntime, testRuntime } from '../../support/runtime.ts'
import type { StagedClock } from './staged-clock.ts'

const SHARDS = 20
const RETRIES = RETRY_TIERS.map(tier => tier.topic)
const STATE = [deliveryState, deliveryCatchUps]
const AUDIT = [auditAttempts, auditEmits, auditChanges]
const TOPICS = [deliveries, deliveriesCommands, ...RETRIES, deliveriesDeadLetter, ...STATE, ...AUDIT]
export const clock = createSystemClock()
const random = createSystemRandom()
const logger = createLogger('silent')
const secrets = createSecretBox({ secretKey: 'a key of the tests', random })
const chains = createChainTokens('a key of the tests')

export type Harness = Awaited<ReturnType<typeof createHarness>>
export type Stage = ReturnType<Harness['stage']>

/** Partitions of an organization's log. */
const LOG_PARTITIONS = 2

export async function createHarness() {
  const runtime = await testRuntime()
  const wire = await openWire(runtime.kafka, logger)
  for (const topic of TOPICS) await runtime.createTopic(topic.name, SHARDS, configOf(topic))
  await untilWritable(runtime)
  let stages = 0
  return {
    runtime,
    shards: SHARDS,
    pause: () => clock.sleep(50),
    /** A shard of its own for a test, not running yet. */
    stage: () => createStage(runtime, wire, stages++),
    async close() {
      await wire.close()
      await runtime.close()
    },
  }
}

/**
 * A broker that has just started has no transaction coordinator yet, and new topics no leaders. The last partition
 * belongs to no test.
 */
async function untilWritable(runtime: TestRuntime): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const writer = await runtime.writer(runtime.name('first'))
      await writer.commit(
        TOPICS.map(topic => ({ topic: runtime.name(topic.name), partition: SHARDS - 1, key: 'first', value: null })),
      )
      return
    } catch (error) {
      if (tries === 100) throw error
      await clock.sleep(100)
    }
  }
}

/** An organization of the shard. */
function organizationOf(runtime: TestRuntime, shard: number): string {
  for (let tries = 0; ; tries++) {
    const id = `org_${runtime.name('test').slice(-12)}${tries}`
    if (shardOf(id, SHARDS) === shard) return id
  }
}

function createStage(runtime: TestRuntime, wire: Wire, shard: number) {
  const view = createControlView({ clock })
  const organizationId = organizationOf(runtime, shard)
  let applied = 0
  let events = 0
  let commands = 0
  let publisher: ReturnType<TestRuntime['writer']> | undefined
  let logTopic: Promise<string> | undefined

  const apply = (kind: 'webhook', id: string, value: object | null) =>
    view.apply({
      topic: 'control',
      partition: 0,
      offset: applied++,
      timestampMs: 0,
      key: Buffer.from(controlKey(kind, organizationId, id)),
      value: value && Buffer.from(JSON.stringify(value)),
      headers: {},
    })

  const tail = (topic: string) => runtime.tail(runtime.name(topic), shard)
  const attemptTail = tail(auditAttempts.name)
  const emitTail = tail(auditEmits.name)
  const deadTail = tail(deliveriesDeadLetter.name)
  const changeTail = tail(auditChanges.name)
  const changes = () => changeTail.records.flatMap(record => auditChangesCodec.decode(record.value!).changes)
  const rows = () => attemptTail.records.flatMap(record => auditAttemptsCodec.decode(record.value!).attempts)
  const completions = () => emitTail.records.flatMap(record => auditEmitsCodec.decode(record.value!).completions)

  async function publish(list: Array<{ webhookIds: string[]; subject: string | null }>): Promise<EventFacts[]> {
    publisher ??= runtime.writer(runtime.name(`publisher-${shard}`))
    logTopic ??= runtime.createTopic(eventsTopic.nameFor(organizationId, 'live'), LOG_PARTITIONS)
    const topic = await logTopic
    const published = list.map(({ subject }) => ({ ...eventNumber(++events, organizationId), subject }))
    await (await publisher).commit(
      published.flatMap((event, at) => {
        const { webhookIds, subject } = list[at]!
        const payload = Buffer.from(`{"n":${event.sequence}}`)
        const partition =
          (subject === null ? event.sequence : subject.length + subject.charCodeAt(subject.length - 1)) % LOG_PARTITIONS
        return [
          { topic, partition, key: subject, value: payload, headers: eventHeaders(event, webhookIds) },
          {
            topic: runtime.name(deliveries.name),
            partition: shard,
            key: organizationId,
            value: deliveryRecordCodec.encode({ event, payload, webhookIds }),
          },
        ]
      }),
    )
    return published
  }

  return {
    shard,
    organizationId,
    tail,
    /** Adds or changes a webhook. */
    webhook(id: string, url: string, changes: Partial<Webhook> = {}): void {
      apply('webhook', id, { ...webhookAt(organizationId, id, url), ...changes })
    },
    removeWebhook: (id: string) => apply('webhook', id, null),
    /** One record in `deliveries` per list of webhooks, in one transaction; returns the events. */
    publish: (...webhookIds: string[][]): Promise<EventFacts[]> =>
      publish(webhookIds.map(each => ({ webhookIds: each, subject: null }))),
    /** The same, for events with a subject. */
    publishAbout: (webhookId: string, ...subjects: Array<string | null>): Promise<EventFacts[]> =>
      publish(subjects.map(subject => ({ webhookIds: [webhookId], subject }))),
    /** The record that the api would write. */
    async command(
      command: Pick<DeliveryCommand, 'kind' | 'webhookId' | 'deliveryId'> & Partial<DeliveryCommand>,
    ): Promise<void> {
      publisher ??= runtime.writer(runtime.name(`publisher-${shard}`))
      const facts = {
        commandId: `cmd_${++commands}`,
        organizationId,
        attempts: 0,
        actorId: 'key_1',
        requestId: 'req_1',
        record: null,
      }
      const value = deliveryCommandCodec.encode({ ...facts, ...command })
      await (await publisher).commit([
        { topic: runtime.name(deliveriesCommands.name), partition: shard, key: organizationId, value },
      ])
    },
    /** Opens the shard; `crash` stops it at once, `drain` lets it finish its work in flight. */
    run: (overrides: Partial<DeliverDependencies> & { clock?: StagedClock } = {}) =>
      runShard(runtime, wire, shard, { view, ...overrides }),
    rows: async (count: number): Promise<AttemptRow[]> => {
      await attemptTail.until(() => rows().length >= count)
      return rows()
    },
    rowsSoFar: rows,
    /** All rows, once this many deliveries have succeeded. */
    succeeded: async (count: number): Promise<AttemptRow[]> => {
      await attemptTail.until(() => rows().filter(row => row.state === 'success').length >= count)
      return rows()
    },
    changes: async (count: number): Promise<ChangeRow[]> => {
      await changeTail.until(() => changes().length >= count)
      return changes()
    },
    changesSoFar: changes,
    completions: async (count: number): Promise<CompletionRow[]> => {
      await emitTail.until(() => completions().length >= count)
      return completions()
    },
    completionsSoFar: completions,
    deadLetters: async (count: number): Promise<Array<{ record: RetryRecord; headers: LogRecord['headers'] }>> => {
      const records = await deadTail.until(list => list.length >= count)
      return records.map(({ value, headers }) => ({ record: retryRecordCodec.decode(value!), headers }))
    },
  }
}

export interface RunningShard {
  /** As after a failed commit: the shard is closed and opened again by the same process. */
  fail(): void
  crash(): Promise<void>
  drain(): Promise<void>
}

/** The topics of these tests under the names that the processor knows. */
function logOf(runtime: TestRuntime, wire: Wire): LogSource {
  const pages = createLogPages({ wire, clock })
  const ends = createLogEnds({ wire })
  return {
    pages: {
      read: (topic, partition, offset) => pages.read(runtime.name(topic), partition, offset),
      search: (topic, partition, reached) => pages.search(runtime.name(topic), partition, reached),
    },
    ends: {
      all: topic => ends.all(runtime.name(topic)),
      of: (topic, partition) => ends.of(runtime.name(topic), partition),
    },
  }
}

/** `staged`: the time of deliveries; the broker and its clients keep the machine's. */
function runShard(
  runtime: TestRuntime,
  wire: Wire,
  number: number,
  {
    clock: staged,
    ...overrides
  }: { view: DeliverDependencies['view']; clock?: StagedClock } & Partial<DeliverDependencies>,
) {
  const guard = createAddressGuard({ allow: ['127.0.0.0/8'], allowHttp: true, ownAddresses: () => [] })
  const time = staged ?? clock
  const sender = createSender({ guard, clock: time })
  const ids = createIds({ clock: time, random })
  const catchUp = {
    ...logOf(runtime, wire),
    shards: SHARDS,
    delivered: async () => new Map<string, number>(),
    ended: async () => undefined,
  }
  const ports = { reportHealth: async () => undefined, sendNotice: async () => undefined }
  const processor = createDeliver({
    ...{ secrets, sender, chains, clock: time, random, ids, timeScale: 1, logger, catchUp, ...ports },
    ...overrides,
  })
  let handle: ShardHandle | undefined
  const reader = createLogReader({
    kafka: runtime.kafka,
    clock,
    logger,
    events: {
      onRecords: (...records) => shard.onRecords(...records),
      onReplaced: (topic, partition) => shard.onReplaced(topic, partition),
      onGap: (...gap) => shard.onGap(...gap),
      onFatal(error) {
        throw error
      },
    },
  })
  const shard = createShard({
    kafka: runtime.kafka,
    processor: renamed(
      processor,
      topic => runtime.name(topic),
      opened => {
        handle = opened
      },
      staged?.shownAt,
    ),
    shard: number,
    clock,
    random,
    logger,
    metrics: { transaction: () => undefined, reopened: () => undefined, assigned: () => undefined },
    reader,
    lease: { confirmedAtMs: () => clock.monotonicMs(), isHeld: () => true },
  })
  shard.open()
  const crash = async () => {
    await shard.drop()
    await reader.close()
    sender.close()
  }
  const running: RunningShard = {
    crash,
    fail: () => handle!.fail(new Error('made by the test')),
    async drain() {
      await shard.drain()
      await crash()
    },
  }
  return running
}

/** The same processor on topics with other names, and in another time if `shownAt` is given. */
function renamed(
  processor: Processor,
  name: (topic: string) => string,
  onOpen: (handle: ShardHandle) => void,
  shownAt = (machineMs: number) => machineMs,
): Processor {
  const original = new Map(TOPICS.map(topic => [name(topic.name), topic.name]))
  const out = (records: OutRecord[]) => records.map(record => ({ ...record, topic: name(record.topic) }))
  const back = (record: LogRecord) => ({
    ...record,
    topic: original.get(record.topic)!,
    timestampMs: shownAt(record.timestampMs),
  })
  return {
    role: name(processor.role),
    stateTopics: processor.stateTopics.map(name),
    open(handle) {
      onOpen(handle)
      const task = processor.open({
        role: processor.role,
        shard: handle.shard,
        fail: handle.fail,
        isHeld: handle.isHeld,
        uncommittedForMs: handle.uncommittedForMs,
        ...NO_PAUSES,
        write: (records, flushNow) => handle.write(out(records), flushNow),
        assign: (topic, partition, from, known) => handle.assign(name(topic), partition, from, known),
        position: (topic, partition) => handle.position(name(topic), partition),
        unassign: (topic, partition) => handle.unassign(name(topic), partition),
        pause: (topic, partition) => handle.pause(name(topic), partition),
        resume: (topic, partition) => handle.resume(name(topic), partition),
      })
      return {
        ...task,
        restore: record => task.restore(back(record)),
        receive: (records, nextOffset, isolated) => task.receive(records.map(back), nextOffset, isolated),
        seal: () => out(task.seal()),
      }
    },
  }
}

function webhookAt(organizationId: string, id: string, url: string): Webhook {
  return {
    ...WEBHOOK_DEFAULTS,
    id,
    organizationId,
    revision: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    environment: 'live',
    name: null,
    description: null,
    url,
    events: ['*'],
    active: true,
    pausedAt: null,
    encryptedSecret: secrets.encrypt('whsec_dGVzdA=='),
    timeoutMs: 5_000,
    maxInFlight: 10,
    retryDelaysMs: [0, 60_000, 300_000, 1_800_000],
    apiVersion: '2026-07-01',
  }
}

function eventNumber(sequence: number, organizationId: string): EventFacts {
  const recordedAtMs = clock.nowMs()
  const place = {
    timestampMs: recordedAtMs,
    partition: 0,
    offset: sequence,
    organizationId,
    environment: 'live',
    kind: 'emits',
  } as const
  return {
    eventId: eventId(place),
    emitId: emitId(place),
    organizationId,
    environment: 'live',
    sequence,
    type: 'orders.placed',
    canonicalName: `TENANT_CUSTOM:${organizationId}:orders.placed@1.0.0`,
    kind: null,
    source: 'api',
    subject: null,
    actorId: 'key_1',
    timeMs: recordedAtMs,
    recordedAtMs,
    schemaVersion: '1.0.0',
    schemaHash: 'ab'.repeat(32),
    correlationId: null,
    causationId: null,
    traceparent: null,
    rootEventId: eventId(place),
    depth: 0,
    path: [],
    federation: null,
  }
}
