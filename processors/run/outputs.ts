/** Rows of the history, packed into records of `audit.runs` when a transaction is sealed. */
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { Ending, StepRecord } from '../../src/workflows/interpreter/run.ts'
import { redacted } from '../../src/workflows/redact.ts'
import {
  type AuditRuns,
  auditRuns,
  auditRunsCodec,
  type RunRow,
  type SkipReason,
  type StepRow,
} from '../../topics/audit-runs.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import type { AnnounceRuns } from './announce.ts'
import type { LiveRun } from './live-run.ts'

/** Of many rows in one record. */
const PACKED_BYTES_MAX = 512 * 1024
/** Of one value, as JSON. */
const VALUE_CHARACTERS_MAX = 65_536
const ROW_BYTES = 600
const CUT = '…cut'

export interface Outputs {
  began(facts: RunFacts, status: 'queued' | 'running', secrets: Iterable<string>): void
  step(facts: RunFacts, record: StepRecord, secrets: Iterable<string>): void
  /** It has got its first slot. */
  started(facts: RunFacts, atMs: number): void
  ended(facts: RunFacts, end: EndedRun, secrets: Iterable<string>): void
  skipped(facts: RunFacts, reason: SkipReason): void
  seal(): OutRecord[]
}

export interface EndedRun {
  ending: Ending
  atMs: number
  steps: number
  warnings: readonly unknown[]
  hasResponded: boolean
}

export interface RunListeners {
  announce: AnnounceRuns
  /** Is given the end of each run, skipped ones included. */
  ended(facts: RunFacts, row: RunRow, hasResponded: boolean): void
  stepped(row: StepRow): void
}

export function createOutputs(shard: number, { announce, ended, stepped }: RunListeners): Outputs {
  let rows: AuditRuns = { steps: [], runs: [] }
  let bytes = 0
  let packed: OutRecord[] = []

  function pack(): void {
    if (bytes === 0) return
    packed.push({ topic: auditRuns.name, partition: shard, key: null, value: auditRunsCodec.encode(rows) })
    rows = { steps: [], runs: [] }
    bytes = 0
  }

  function add(size: number): void {
    if (bytes + size > PACKED_BYTES_MAX) pack()
    bytes += size
  }

  function addRun(row: RunRow): void {
    add(ROW_BYTES + 3 * (row.scopes.length + (row.output?.length ?? 0) + row.warnings.length))
    rows.runs.push(row)
  }

  return {
    began: (facts, status, secrets) => addRun({ ...rowOf(facts, secrets), step: 0, status }),
    step(facts, record, secrets) {
      const row = stepRow(facts, record, secrets)
      add(ROW_BYTES + 3 * charactersOf(row))
      rows.steps.push(row)
      stepped(row)
    },
    started: (facts, atMs) => void packed.push(...announce.started(facts, atMs)),
    ended(facts, end, secrets) {
      const row = endRow(facts, end, secrets)
      addRun(row)
      packed.push(...announce.ended(facts, end.ending, end.atMs))
      ended(facts, row, end.hasResponded)
    },
    skipped(facts, skipReason) {
      const finishedAtMs = facts.startedAtMs
      const row: RunRow = { ...rowOf(facts, []), status: 'skipped', skipReason, finishedAtMs, durationMs: 0 }
      addRun(row)
      ended(facts, row, false)
    },
    seal() {
      pack()
      const sealed = packed
      packed = []
      return sealed
    },
  }
}

const charactersOf = ({ input, output, variables }: StepRow): number =>
  (input?.length ?? 0) + (output?.length ?? 0) + (variables?.length ?? 0)

/** Plain literals, field by field: a run writes one for itself and one for each step. */
function rowOf(facts: RunFacts, secrets: Iterable<string>): RunRow {
  return {
    runId: facts.runId,
    step: 1,
    organizationId: facts.organizationId,
    environment: facts.environment,
    workflowId: facts.workflowId,
    workflowVersion: facts.version,
    mode: facts.mode,
    status: 'running',
    skipReason: null,
    triggerKind: facts.triggerKind,
    eventId: facts.eventId,
    canonicalName: facts.canonicalName,
    tickMs: facts.tickMs,
    parentRunId: facts.parentRunId,
    retryOf: facts.retryOf,
    startedAtMs: facts.startedAtMs,
    finishedAtMs: null,
    durationMs: null,
    scopes: cut(redacted(facts.scopes, secrets)),
    output: null,
    errorAction: null,
    errorPath: null,
    errorCode: null,
    errorMessage: null,
    reason: null,
    chainDepth: facts.depth,
    steps: 0,
    warnings: NO_WARNINGS,
    replayId: facts.replayId,
  }
}

const NO_WARNINGS = '[]'

/** A run that has not ended, as it is now. */
export function liveRow({ facts, run, slot, steps, secrets }: LiveRun): RunRow {
  const { inputs, warnings } = run.state
  const status = inputs === 0 ? 'queued' : slot === 'held' ? 'running' : 'waiting'
  const shownWarnings = redacted(JSON.stringify(warnings), secrets)
  return { ...rowOf(facts, secrets), step: 0, status, steps, warnings: shownWarnings }
}

function endRow(facts: RunFacts, { ending, atMs, steps, warnings }: EndedRun, secrets: Iterable<string>): RunRow {
  const { status, error, reason, output } = ending
  const row = rowOf(facts, secrets)
  row.status = status
  row.finishedAtMs = atMs
  row.durationMs = Math.max(0, atMs - facts.startedAtMs)
  row.output = shown(output, secrets)
  row.steps = steps
  if (warnings.length > 0) row.warnings = redacted(JSON.stringify(warnings), secrets)
  if (reason !== null) row.reason = redacted(reason, secrets)
  if (error === null) return row
  row.errorAction = error.actionKey
  row.errorPath = error.path
  row.errorCode = error.code
  row.errorMessage = redacted(error.message, secrets)
  return row
}

function stepRow(facts: RunFacts, record: StepRecord, secrets: Iterable<string>): StepRow {
  const { startedAtMs, error } = record
  return {
    runId: facts.runId,
    path: record.path,
    number: record.number,
    organizationId: facts.organizationId,
    environment: facts.environment,
    workflowId: facts.workflowId,
    actionKey: record.key,
    actionType: record.type,
    status: record.status,
    attempts: record.attempts,
    runStartedAtMs: facts.startedAtMs,
    startedAtMs,
    durationMs: Math.max(0, record.endedAtMs - startedAtMs),
    input: shown(record.input, secrets),
    output: shown(record.output, secrets),
    errorCode: error === null ? null : error.code,
    errorMessage: error === null ? null : redacted(error.message, secrets),
    branch: record.branch,
    variables: shown(record.variables, secrets),
  }
}

function shown(value: unknown, secrets: Iterable<string>): string | null {
  return value === null || value === undefined ? null : cut(redacted(JSON.stringify(value), secrets))
}

function cut(text: string): string {
  if (text.length <= VALUE_CHARACTERS_MAX) return text
  return text.slice(0, VALUE_CHARACTERS_MAX).toWellFormed() + CUT
}
