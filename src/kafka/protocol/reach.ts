/** The first connections of a process, and how to treat one that breaks before the start has finished. */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { reach } from '../../process/wait-until-reachable.ts'
import { LEADER_MOVED } from './error-codes.ts'
import { KafkaError, type KafkaSettings, openWire, type Wire } from './wire.ts'

/** Throws as `reach` does. */
export function reachKafka(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  progress: { warn(sentence: string): void }
}): Promise<Wire> {
  const causeIfAway = (error: unknown) =>
    error instanceof KafkaError && error.type === 'CONNECTION' ? error : undefined
  return reach(
    { ...deps, name: 'Kafka', at: deps.kafka.brokers.join(', ') },
    () => openWire(deps.kafka, deps.logger),
    causeIfAway,
  )
}

const CUT_OFF: ReadonlySet<string> = new Set([
  ...LEADER_MOVED,
  'CONNECTION',
  'REQUEST_TIMEOUT',
  'REQUEST_TIMED_OUT',
  'NOT_CONTROLLER',
  'BROKER_NOT_AVAILABLE',
  'THROTTLING_QUOTA_EXCEEDED',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'CONCURRENT_TRANSACTIONS',
])

/**
 * Whether a step of the start failed because the broker became unavailable, or was too slow: it may then be repeated.
 * Each step has waited before, and a broker that many processes start on at once may need longer than that.
 */
export const isCutOff = (error: unknown): boolean => error instanceof KafkaError && CUT_OFF.has(error.type)
