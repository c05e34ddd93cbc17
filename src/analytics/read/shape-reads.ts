/** Reads of the learned shape of payloads (docs/specification/drift.md#payload-shape). */
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

export interface EmittedName {
  organizationId: string
  name: string
  emits: number
}

export type ShapeReads = ReturnType<typeof createShapeReads>

export function createShapeReads(client: AnalyticsClient) {
  const names = readQuery('names-emitted')
  const payloads = readQuery('payloads-of-name')

  return {
    /** Of all organizations, since a time (ISO 8601). */
    namesEmitted: (from: string): Promise<EmittedName[]> => client.query(names, { from }),
    /** Newest first; `before`: only emits with a lower id. */
    payloads: (filter: {
      organizationId: string
      environment: Environment
      name: string
      from: string
      before: string | null
      limit: number
    }): Promise<Array<{ emitId: string; payload: string }>> => client.query(payloads, filter),
  }
}
