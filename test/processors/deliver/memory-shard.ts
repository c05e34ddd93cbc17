/**
 * `deliver` on a broker in memory, in a time that the test controls: one shard, its input and state topics, and the
 * logs of its organizations.
 */

import { createDeliver, type DeliverDependencies } from '../../../processors/deliver/index.ts'
import { createSecretBox } from '../../../src/crypto/secret-box.ts'
import { createChainTokens } from '../../../src/events/chain.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import { createIds } from '../../../src/model/ids.ts'
import { deliveries } from '../../../topics/deliveries.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { deliveryCatchUps, type ParkedWebhook, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import { events as eventsTopic } from '../../../topics/events.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { createMemoryControl } from './memory/control.ts'
import { createMemoryInputs } from './memory/inputs.ts'
import { createMemoryLog } from './memory/log.ts'
import { createMemoryOutputs } from './memory/outputs.ts'
import { createMemoryReceivers } from './memory/receivers.ts'
import { createMemoryRuntime } from './memory/runtime.ts'

export type { Answer } from './memory/receivers.ts'
export type MemoryShard = ReturnType<typeof createMemoryShard>

const ORGANIZATION_ID = 'org_0000000000000000000000test'
const PARKED = 'parked/'
const logger = createLogger('silent')
const SENT = { handed: 'sent', durationMs: 0, responseStatus: null, error: null, retryAfterMs: undefined } as const

/** Randomness that is the same in each run. */
export function seededRandom(seed: number) {
  let state = seed >>> 0 || 1
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return {
    uniform: () => next() / 0x1_0000_0000,
    bytes: (length: number) => Buffer.from(Array.from({ length }, () => next() >>> 24)),
  }
}

export interface MemoryShardOptions {
  partitions?: number
  timeScale?: number
  limits?: DeliverDependencies['limits']
  /** Keeps no rows, for long runs. */
  forgetful?: boolean
  seed?: number
  overrides?: Partial<DeliverDependencies>
  /** Of the history. */
  sources?: Partial<DeliverDependencies['catchUp']>
}

export function createMemoryShard(options: MemoryShardOptions = {}) {
  const { forgetful = false, timeScale = 1 } = options
  const clock = createManualClock()
  const random = seededRandom(options.seed ?? 1)
  const ids = createIds({ clock, random })
  const secrets = createSecretBox({ secretKey: 'a key of the tests', random })
  const encryptedSecret = secrets.encrypt('whsec_dGVzdA==')
  const organizationId = ORGANIZATION_ID
  const eventLog = eventsTopic.nameFor(organizationId, 'live')
  const log = createMemoryLog({ log: eventLog, partitions: options.partitions ?? 2, nowMs: clock.nowMs })
  const receivers = createMemoryReceivers({ clock, forgetful })
  const outputs = createMemoryOutputs({ forgetful })
  const control = createMemoryControl({ clock, ids, organizationId, encryptedSecret })
  const inputs = createMemoryInputs({ clock, ids, organizationId, log })
  const deadLetters = async (_log: object, deliveryIds: string[]) => outputs.deadLetters(deliveryIds)

  const openProcessor = () =>
    createDeliver({
      ...{ secrets, clock, random, ids, logger, timeScale, view: control.view, sender: receivers.sender },
      chains: createChainTokens('a key of the tests'),
      catchUp: {
        ...log.source,
        shards: 1,
        delivered: async () => new Map<string, number>(),
        ended: control.endTarget,
        pause: control.pause,
        relaysTo: async () => [],
        recordedEmits: async (_organizationId, emitIds) => new Set(emitIds),
        keptEvents: { numbers: async () => [], events: async (_owner, emitIds) => inputs.keptEvents(emitIds) },
        deliveries: deadLetters,
        deadLetters: async (of, from) => outputs.deadLettersOf(of, from),
        ...options.sources,
      },
      reportHealth: async () => undefined,
      reportChannel: async () => undefined,
      sendNotification: async () => SENT,
      ...(options.limits && { limits: options.limits }),
      ...options.overrides,
    })

  const runtime = createMemoryRuntime({
    clock,
    log,
    openTask: handle => openProcessor().open(handle),
    committed(records) {
      outputs.written.transactions++
      for (const record of records) outputs.note(record)
    },
  })

  const stored = (prefix: string) =>
    log.stateRecords().filter(({ key, value }) => value !== null && key!.toString().startsWith(prefix))

  return {
    ...{ clock, random, organizationId },
    ...receivers,
    ...outputs,
    ...control,
    ...inputs,
    ...runtime,
    deadLetters: async (deliveryIds: string[]) => outputs.deadLetters(deliveryIds),
    source: log.source,
    append: log.append,
    clean: log.clean,
    grow: log.grow,
    topic: log.records,
    /** Retention of the log. */
    dropLogBefore: (atMs: number) => log.dropBefore(eventLog, atMs),
    /** Retention of the shared inputs. */
    dropInputsBefore(atMs: number) {
      for (const topic of [deliveries.name, ...RETRY_TIERS.map(tier => tier.topic.name)]) log.dropBefore(topic, atMs)
    },
    /** The state records whose keys begin so. */
    state: stored,
    /** The stored ranges, by webhook. */
    ranges(): Map<string, ParkedWebhook> {
      const parked = stored(PARKED).filter(({ topic }) => topic === deliveryCatchUps.name)
      return new Map(
        parked.map(({ key, value }) => [key!.toString().slice(PARKED.length), parkedWebhookCodec.decode(value!)]),
      )
    },
    /** Records as they were written elsewhere, of which the log has numbers up to `throughNumber`. */
    load(records: LogRecord[], throughNumber: number) {
      log.load(records)
      inputs.continueAfter(throughNumber)
    },
  }
}
