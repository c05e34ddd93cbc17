/** The first connections of a process, and what it means that one breaks before it has started. */
import type { Clock } from '../clock.ts'
import type { Logger } from '../observability/logger.ts'
import { KafkaError, type KafkaSettings, openWire, type Wire } from './wire.ts'

/** A broker that restarts is back within seconds: a process that starts meanwhile waits for it instead of giving up. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 500

/** Throws one clear sentence if Kafka does not answer for half a minute. */
export async function reachKafka(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  progress: { warn(sentence: string): void }
}): Promise<Wire> {
  const { kafka, clock } = deps
  const at = kafka.brokers.join(', ')
  const deadlineMs = clock.monotonicMs() + PATIENCE_MS
  for (let tries = 1; ; tries++) {
    try {
      return await openWire(kafka, deps.logger)
    } catch (cause) {
      if (!(cause instanceof KafkaError) || cause.type !== 'CONNECTION') throw cause
      if (clock.monotonicMs() > deadlineMs) throw new Error(`Kafka cannot be reached at ${at}: ${cause.message}`, { cause })
      if (tries === 1) deps.progress.warn(`Kafka does not answer at ${at}; trying for ${PATIENCE_MS / 1000} s …`)
      await clock.sleep(PAUSE_MS)
    }
  }
}

const CONNECTION_ERRORS: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNumberOfRetriesExceeded',
])

/** Whether a step of the start ended because the broker went away meanwhile: then it may be made again. */
export const isCutOff = (error: unknown): boolean =>
  error instanceof KafkaError ? error.type === 'CONNECTION' : error instanceof Error && CONNECTION_ERRORS.has(error.name)
