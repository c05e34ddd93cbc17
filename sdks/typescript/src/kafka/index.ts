/** The organization's own topics, with kafkajs (a peer dependency). */
export type { Access, Credentials, KafkaAccess, PropertiesAccess } from './access.ts'
export { type ConsumeOptions, type Consumption, consume, type LogEvent } from './consumer.ts'
export { createProducer, type Produced, type Producer, type ProducerOptions } from './producer.ts'
