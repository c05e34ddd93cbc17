import { ClarionError } from '../../model/codes.ts'

/** C.0.1: a change made on the ground of an older revision is refused. `expected` undefined: the caller does not mind. */
export function checkRevision(record: { revision: number }, expected: number | undefined): void {
  if (expected === undefined || expected === record.revision) return
  throw new ClarionError('revision_conflict', `The resource is at revision ${record.revision}, not ${expected}.`)
}

/** The same thing, changed: `updatedAt` and `revision` moved on. */
export function revised<T extends { revision: number; updatedAt: string }>(
  record: T,
  changes: Partial<T>,
  nowMs: number,
): T {
  return { ...record, ...changes, revision: record.revision + 1, updatedAt: new Date(nowMs).toISOString() }
}
