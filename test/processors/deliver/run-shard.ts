/** One shard of `deliver` with the runtime around it, on the topics of a test. */

import { createDeliver, type DeliverDependencies } from '../../../processors/deliver/index.ts'
import { createSystemClock, createSystemRandom } from '../../../src/clock.ts'
import { createSecretBox } from '../../../src/crypto/secret-box.ts'
import { createAddressGuard } from '../../../src/delivery/address-guard.ts'
import { createSender } from '../../../src/delivery/send.ts'
import { createChainTokens } from '../../../src/events/chain.ts'
import type { LogRecord, OutRecord, Processor, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Wire } from '../../../src/kafka/protocol/wire.ts'
import { createLogEnds } from '../../../src/kafka/read/log-ends.ts'
import { createLogPages } from '../../../src/kafka/read/log-pages.ts'
import { createLogReader } from '../../../src/kafka/read/log-reader.ts'
import { createShard } from '../../../src/kafka/runtime/shard.ts'
import { createLogger } from '../../../src/logger.ts'
import { createIds } from '../../../src/model/ids.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import { auditAttempts } from '../../../topics/audit-attempts.ts'
import { auditChanges } from '../../../topics/audit-changes.ts'
import { auditEmits } from '../../../topics/audit-emits.ts'
import { auditNotifications } from '../../../topics/audit-notifications.ts'
import { auditReplays } from '../../../topics/audit-replays.ts'
import { deliveries } from '../../../topics/deliveries.ts'
import { deliveriesCommands } from '../../../topics/deliveries-commands.ts'
import { deliveriesDeadLetter } from '../../../topics/deliveries-dead-letter.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { deliveryCatchUps } from '../../../topics/delivery-catch-ups.ts'
import { deliveryState } from '../../../topics/delivery-state.ts'
import { notificationState } from '../../../topics/notification-state.ts'
import { notifications } from '../../../topics/notifications.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'
import type { TestRuntime } from '../../support/runtime.ts'
import type { StagedClock } from './staged-clock.ts'

export const SHARDS = 20
const RETRIES = RETRY_TIERS.map(tier => tier.topic)
const STATE = [deliveryState, deliveryCatchUps, notificationState]
const AUDIT = [auditAttempts, auditEmits, auditChanges, auditNotifications, auditReplays]
const SENT = { handed: 'sent', durationMs: 0, responseStatus: null, error: null, retryAfterMs: undefined } as const
export const TOPICS = [
  deliveries,
  deliveriesCommands,
  notifications,
  ...RETRIES,
  deliveriesDeadLetter,
  ...STATE,
  ...AUDIT,
]
export const clock = createSystemClock()
export const random = createSystemRandom()
export const logger = createLogger('silent')
export const secrets = createSecretBox({ secretKey: 'a key of the tests', random })
export const chains = createChainTokens('a key of the tests')

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
export function runShard(
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
    pause: async () => undefined,
    relaysTo: async () => [],
    recordedEmits: async () => new Set<string>(),
    keptEvents: { numbers: async () => [], events: async () => [] },
    deadLetters: async () => [],
  }
  const ports = {
    reportHealth: async () => undefined,
    reportChannel: async () => undefined,
    sendNotification: async () => SENT,
  }
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
