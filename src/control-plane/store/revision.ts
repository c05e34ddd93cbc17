import { ClarionError } from '../../model/codes.ts'

/** Throws `revision_conflict` for a change based on an older revision. `expected` undefined: the caller accepts any. */
export function checkRevision(record: { revision: number }, expected: number | undefined): void {
  if (expected === undefined || expected === record.revision) return
  throw new ClarionError('revision_conflict', `The resource is at revision ${record.revision}, not ${expected}.`)
}

/** The changed record, with a new `updatedAt` and the next `revision`. */
export function revised<T extends { revision: number; updatedAt: string }>(
  record: T,
  changes: Partial<T>,
  nowMs: number,
): T {
  return { ...record, ...changes, revision: record.revision + 1, updatedAt: new Date(nowMs).toISOString() }
}
