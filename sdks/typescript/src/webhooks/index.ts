/** Everything that a receiver needs; without dependencies. */
export { type ParsedBody, parseKeepingBytes, type WebhookBody } from './body.ts'
export type { HeadersLike } from './headers.ts'
export { SIGNATURE_PROFILES, type SignatureProfile } from './profiles.ts'
export { type FetchHandler, type NodeMiddleware, type RawBodyOptions, rawBody } from './raw-body.ts'
export { type SignOptions, signatureHeaders } from './sign.ts'
export { type RefusalReason, refusalReason, type VerifyOptions, verifyWebhookSignature } from './verify.ts'
