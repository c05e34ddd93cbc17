/** Everything except Kafka, which needs `kafkajs`: import '@clarion/sdk/kafka'. */
export { type Client, createClient } from './client/client.ts'
export { ClarionApiError, ClarionConnectionError, ClarionStreamError, type Finding } from './client/errors.ts'
export { memoryPlace } from './client/streams.ts'
export type { Answer, ClientOptions, Request } from './client/transport.ts'
export type * from './client/types.ts'
export type { Clock, Random } from './clock.ts'
export { CLARION_CODES, type ClarionCode } from './codes.ts'
export { filePlace } from './file-place.ts'
/** Bodies and answers of every operation, made from the OpenAPI document. */
export type * as api from './generated/types.ts'
export * from './webhooks/index.ts'
