/** What is outside of `run` in memory where a test has none of it. */
import type { RunObserver } from '../../../processors/run/dependencies.ts'
import type { CallResult } from '../../../src/delivery/outbound-call.ts'
import type { SandboxPool } from '../../../src/sandbox/pool.ts'
import type { ForeignDatabases } from '../../../src/tables/foreign.ts'
import type { TableSteps } from '../../../src/tables/steps.ts'

export const SILENT: RunObserver = {
  started: () => undefined,
  ended: () => undefined,
  skipped: () => undefined,
  attempt: () => undefined,
  late: () => undefined,
  live: () => undefined,
  domainEvent: () => undefined,
}

export const NO_SANDBOXES: SandboxPool = {
  run: () => Promise.reject(new Error('This test has no sandboxes')),
  close: () => undefined,
}
export const NO_FOREIGN: ForeignDatabases = {
  run: () => Promise.reject(new Error('This test has no connections')),
  close: async () => undefined,
}
export const NO_TABLES: TableSteps = { run: () => Promise.reject(new Error('This test has no tables')) }

export const OK: CallResult = {
  ...{ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"ok":true}'), durationMs: 1 },
}
