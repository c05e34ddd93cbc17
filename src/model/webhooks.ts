import type { ConditionGroup } from './conditions.ts'
import type { Environment } from './environments.ts'
import type { KafkaSink } from './sinks.ts'
import type { Stored } from './stored.ts'

/** See docs/specification/webhooks.md#settings. */
export interface Webhook extends Stored {
  environment: Environment
  name: string | null
  description: string | null
  url: string
  /** 1 to 100 selectors (docs/specification/events.md#selectors). */
  events: string[]
  /** The contracts: the parts of events that it needs, by `<namespace>.<name>`: JSON Schemas. None if absent. */
  contracts?: Readonly<Record<string, Record<string, unknown>>>
  active: boolean
  pausedAt: string | null
  /** AES-256-GCM, see `src/crypto/secret-box.ts`. */
  encryptedSecret: string
  timeoutMs: number
  maxInFlight: number
  /** Delays before each attempt, in milliseconds; the first is 0. */
  retryDelaysMs: number[]
  apiVersion: string
  /** Only events that meet these conditions are delivered (docs/specification/events.md#conditions). */
  conditions: ConditionGroup | null
  /** The signatures on each request, at least one. */
  signatureProfiles: SignatureProfile[]
  wireFormat: WireFormat
  ordering: 'none' | 'block' | 'park'
  /** Own headers as a JSON object, sealed like the secret; their names are shown. */
  encryptedHeaders: string | null
  headerNames: string[]
  /** During a rotation the previous secret signs as well, until `previousSecretExpiresAt`. */
  previousEncryptedSecret: string | null
  previousSecretExpiresAt: string | null
  /** The observed state of the endpoint, independent of `active` (docs/specification/webhooks.md#health). */
  health: 'healthy' | 'failing' | 'disabled'
  failingSince: string | null
  autoDisableAfterDays: number | null
  /**
   * Of the events emitted while the webhook was paused, only those after this time are delivered (`activate {resume:
   * "latest"}`).
   */
  resumeAfter: string | null
  /**
   * Set on an external peer of a federation group. It is stored as a webhook so that the engine has one kind of
   * receiver, and hidden from webhook lists.
   */
  peer: { groupId: string } | null
  /**
   * Set on a sink, which is stored as a webhook for the same reason: `url` shows its topic, and the secret is its
   * password. Hidden from webhook lists too; earlier releases wrote none.
   */
  sink?: KafkaSink
}

/** Neither an external peer nor a sink: its owner sees it as a webhook. */
export const isWebhook = ({ peer, sink }: Pick<Webhook, 'peer' | 'sink'>): boolean =>
  peer === null && sink === undefined

/** A webhook or a sink of the organization; the plan counts both. */
export const isOwnReceiver = ({ peer }: Pick<Webhook, 'peer'>): boolean => peer === null

export const SIGNATURE_PROFILES = ['standard', 'platforma', 'platphorm', 'event', 'relay', 'ed25519'] as const
export type SignatureProfile = (typeof SIGNATURE_PROFILES)[number]

export const WIRE_FORMATS = ['default', 'cloudevents', 'ctrlplane', 'platforma', 'platphorm'] as const
export type WireFormat = (typeof WIRE_FORMATS)[number]
