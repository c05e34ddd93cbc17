/** The first connection of a process. */
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
