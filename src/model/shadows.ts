import type { Environment } from './environments.ts'
import type { Stored } from './stored.ts'

/**
 * A candidate that gets a share of a webhook's deliveries besides, for comparison
 * (docs/specification/webhooks.md#shadow-delivery). Its id is the webhook's.
 */
export interface Shadow extends Stored {
  environment: Environment
  url: string
  /** Per cent of the events, 1–100. */
  share: number
  /** Headers for the candidate as a JSON object, sealed; they replace those of the request. */
  encryptedHeaders: string | null
  headerNames: string[]
  /** The report begins here. */
  since: string
  until: string
}
