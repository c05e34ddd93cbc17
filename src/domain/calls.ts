/** The way to the shard that has an organization's records, as the API sees it. */
import type { Owner } from '../model/environments.ts'

export interface DomainCall extends Owner {
  /** A command, or `<kind>.get`, `<kind>.list`. */
  name: string
  id: string
  part: string
  /** A JSON object. */
  body: string
  actorId: string
  requestId: string
  recordsMax: number
  expectedRevision: number | null
  idempotencyKey: string | null
}

export interface DomainCalls {
  /** Throws the code of a refusal, and `service_unavailable` when the shard does not answer in time. */
  call(given: DomainCall): Promise<{ status: number; body: unknown }>
}
