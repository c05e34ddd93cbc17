/**
 * The fields of every record of the control plane (`records.ts`). Times are ISO 8601 strings in UTC. `revision` starts
 * at 1 and grows by one with each change.
 */
export interface Stored {
  id: string
  organizationId: string
  revision: number
  createdAt: string
  updatedAt: string
}
