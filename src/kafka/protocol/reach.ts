/** The first connections of a process, and how to treat one that breaks before the start has finished. */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { reach } from '../../process/wait-until-reachable.ts'
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

/** Whether a step of the start failed because the broker became unavailable: it may then be repeated. */
export const isCutOff = (error: unknown): boolean =>
  error instanceof KafkaError && (error.type === 'CONNECTION' || error.type === 'REQUEST_TIMEOUT')
