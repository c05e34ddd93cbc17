/** Everything but Kafka, which needs `kafkajs`: import '@clarion/sdk/kafka'. */
export * from './webhooks/index.ts'
