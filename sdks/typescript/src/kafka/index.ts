/** The organization's own topics, with kafkajs (a peer dependency). */
export type { Access, Credentials, KafkaAccess, PropertiesAccess } from './access.ts'
export { type ConsumeOptions, type Consumption, consume } from './consumer.ts'
export type { Decision, Delivery, FailedEvent } from './handling.ts'
export type { LogEvent } from './log-event.ts'
export { createProducer, type Produced, type Producer, type ProducerOptions } from './producer.ts'
