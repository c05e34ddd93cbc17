/** The first connections of a process, and what it means that one breaks before it has started. */
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

/** Whether a step of the start ended because the broker went away meanwhile: then it may be made again. */
export const isCutOff = (error: unknown): boolean =>
  error instanceof KafkaError && (error.type === 'CONNECTION' || error.type === 'REQUEST_TIMEOUT')
