/** How long ago an organization was deleted: what is left of it goes in steps, each after a time of its own. */
import type { Organization } from '../../model/records.ts'

/** A deleted organization changes once more, when it is cleared, and that leaves the time of its deletion. */
export const isDeletedFor = (ms: number, { status, updatedAt }: Organization, nowMs: number): boolean =>
  status === 'deleted' && nowMs - Date.parse(updatedAt) >= ms
