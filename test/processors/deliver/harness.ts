/**
 * `deliver` on a real broker: topics of its own for each test file (one partition, hence one shard, for each test), a
 * control view that the test fills, and shards that can be stopped as a crash does and opened again.
 */

import type { DeliverDependencies } from '../../../processors/deliver/index.ts'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import { WEBHOOK_DEFAULTS } from '../../../src/control-plane/webhooks/webhooks.ts'
import { eventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { openWire, type Wire } from '../../../src/kafka/protocol/wire.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import { emitId, eventId } from '../../../src/model/ids.ts'
import type { Shadow } from '../../../src/model/shadows.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import { type AttemptRow, auditAttempts, auditAttemptsCodec, type ShadowRow } from '../../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec, type CompletionRow } from '../../../topics/audit-emits.ts'
import { deliveries, deliveryRecordCodec, type EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryCommand, deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import { deliveriesDeadLetter } from '../../../topics/deliveries-dead-letter.ts'
import { type RetryRecord, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import { events as eventsTopic } from '../../../topics/events.ts'
import { type NotificationRecord, notificationRecordCodec, notifications } from '../../../topics/notifications.ts'
import { configOf } from '../../../topics/topic.ts'
import { type TestRuntime, testRuntime } from '../../support/runtime.ts'
import { clock, logger, type RunningShard, runShard, SHARDS, secrets, TOPICS } from './run-shard.ts'
import type { StagedClock } from './staged-clock.ts'

export type { RunningShard }
export { clock }

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

  const apply = (kind: 'webhook' | 'shadow', id: string, value: object | null) =>
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
  const noticeTail = tail(notifications.name)
  const notices = () => noticeTail.records.map(record => notificationRecordCodec.decode(record.value!))
  const changes = () => changeTail.records.flatMap(record => auditChangesCodec.decode(record.value!).changes)
  const rows = () => attemptTail.records.flatMap(record => auditAttemptsCodec.decode(record.value!).attempts)
  const shadows = () => attemptTail.records.flatMap(record => auditAttemptsCodec.decode(record.value!).shadows ?? [])
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
    /** A candidate of a webhook, which gets every event for an hour. */
    shadow(id: string, url: string, changes: Partial<Shadow> = {}): void {
      const now = new Date(clock.nowMs()).toISOString()
      const until = new Date(clock.nowMs() + 3_600_000).toISOString()
      const stored = { id, organizationId, revision: 1, createdAt: now, updatedAt: now, environment: 'live' }
      apply('shadow', id, {
        ...stored,
        url,
        share: 100,
        encryptedHeaders: null,
        headerNames: [],
        since: now,
        until,
        ...changes,
      })
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
    /** What candidates answered. */
    shadows: async (count: number): Promise<ShadowRow[]> => {
      await attemptTail.until(() => shadows().length >= count)
      return shadows()
    },
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
    /** System notices. */
    notices: async (count: number): Promise<NotificationRecord[]> => {
      await noticeTail.until(() => notices().length >= count)
      return notices()
    },
    noticesSoFar: notices,
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
