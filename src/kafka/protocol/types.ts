/** Shared types of this folder: settings, the shape of a request, Kafka's errors. */
import type { Socket } from 'node:net'

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer'

/** PEM texts. */
export interface TlsSettings {
  /** The certificate authorities for the brokers; the machine's by default. */
  ca?: string | undefined
  /** The client's own certificate and its key, for brokers that require one. */
  cert?: string | undefined
  key?: string | undefined
}

export interface AccessToken {
  value: string
  /** Lifetime from now on, ms. Without it the broker decides. */
  lifetimeMs?: number | undefined
}

/** How to reach a cluster. Neither username nor token: no SASL. */
export interface KafkaSettings {
  brokers: string[]
  username?: string | undefined
  password?: string | undefined
  /** `scram-sha-512` by default. */
  mechanism?: SaslMechanism | undefined
  /** For `oauthbearer`: a new token each time. */
  token?: (() => Promise<AccessToken>) | undefined
  ssl?: boolean | undefined
  tls?: TlsSettings | undefined
  clientId: string
  /** How a connection is made, if not in the usual way. */
  socketFactory?: SocketFactory | undefined
  observer?: ConnectionObserver | undefined
}

/** Receives the health of brokers, by node id. */
export interface ConnectionObserver {
  /** A request of this kind was not answered within its deadline. */
  late(broker: number, api: string): void
  /** A connection has opened, or could not, or broke while requests were in flight. */
  reachable(broker: number, isReachable: boolean): void
  /** It is unknown whether a transaction has committed. */
  commitUnknown?(): void
}

/** `onConnect` is called once the connection is open. */
export type SocketFactory = (options: { host: string; port: number; ssl?: unknown; onConnect(): void }) => Socket

export interface WireRequest<T> {
  apiKey: number
  apiVersion: number
  apiName: string
  body: Buffer
  decode(payload: Buffer): T
  /** The whole deadline of this request from its sending, ms; 30 s by default. */
  timeoutMs?: number
  /** A longer answer destroys the connection; 100 MB by default. */
  answerBytesMax?: number
}

export interface ProducerIdentity {
  producerId: bigint
  producerEpoch: number
}

/**
 * The `type` is Kafka's name of the error, e.g. `INVALID_PRODUCER_EPOCH`. Our own types: `CONNECTION` (refused or
 * broken), `REQUEST_TIMEOUT` (no answer within the request's deadline) and `TLS` (the broker or we reject a
 * certificate).
 */
export class KafkaError extends Error {
  readonly type: string
  constructor(type: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'KafkaError'
    this.type = type
  }
}
