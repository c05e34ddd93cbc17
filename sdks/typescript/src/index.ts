/** Everything except Kafka, which needs `kafkajs`: import '@clarion/sdk/kafka'. */
export { type Client, createClient } from './client/client.ts'
export { ClarionApiError, ClarionConnectionError, type Finding } from './client/errors.ts'
export type { Answer, ClientOptions, Request } from './client/transport.ts'
export type * from './client/types.ts'
export type { Clock, Random } from './clock.ts'
export { CLARION_CODES, type ClarionCode } from './codes.ts'
export * from './webhooks/index.ts'
