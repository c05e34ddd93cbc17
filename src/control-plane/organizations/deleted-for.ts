/** Time since an organization's deletion: what remains of it is removed in steps, each after its own delay. */
import type { Organization } from '../../model/organizations.ts'

/** `updatedAt` is the time of the deletion: clearing, the one change after it, leaves that field alone. */
export const isDeletedFor = (ms: number, { status, updatedAt }: Organization, nowMs: number): boolean =>
  status === 'deleted' && nowMs - Date.parse(updatedAt) >= ms
