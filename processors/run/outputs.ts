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

function rowOf(facts: RunFacts, secrets: Iterable<string>): RunRow {
  const { runId, organizationId, environment, workflowId, version, mode, triggerKind, eventId, canonicalName } = facts
  const { tickMs, parentRunId, retryOf, startedAtMs, depth, replayId } = facts
  return {
    ...{ runId, step: 1, organizationId, environment, workflowId, workflowVersion: version, mode },
    ...{ status: 'running', skipReason: null, triggerKind, eventId, canonicalName, tickMs, parentRunId, retryOf },
    ...{
      startedAtMs,
      finishedAtMs: null,
      durationMs: null,
      scopes: cut(redacted(facts.scopes, secrets)),
      output: null,
    },
    ...{ errorAction: null, errorPath: null, errorCode: null, errorMessage: null, reason: null },
    ...{ chainDepth: depth, steps: 0, warnings: '[]', replayId },
  }
}

/** A run that has not ended, as it is now. */
export function liveRow({ facts, run, slot, steps, secrets }: LiveRun): RunRow {
  const { inputs, warnings } = run.state
  const status = inputs === 0 ? 'queued' : slot === 'held' ? 'running' : 'waiting'
  const shownWarnings = redacted(JSON.stringify(warnings), secrets)
  return { ...rowOf(facts, secrets), step: 0, status, steps, warnings: shownWarnings }
}

function endRow(facts: RunFacts, { ending, atMs, steps, warnings }: EndedRun, secrets: Iterable<string>): RunRow {
  const { status, error, reason, output } = ending
  return {
    ...rowOf(facts, secrets),
    ...{
      status,
      finishedAtMs: atMs,
      durationMs: Math.max(0, atMs - facts.startedAtMs),
      output: shown(output, secrets),
    },
    ...{ errorAction: error?.actionKey ?? null, errorPath: error?.path ?? null, errorCode: error?.code ?? null },
    errorMessage: error === null ? null : redacted(error.message, secrets),
    reason: reason === null ? null : redacted(reason, secrets),
    ...{ steps, warnings: redacted(JSON.stringify(warnings), secrets) },
  }
}

function stepRow(facts: RunFacts, record: StepRecord, secrets: Iterable<string>): StepRow {
  const { runId, organizationId, environment, workflowId, startedAtMs: runStartedAtMs } = facts
  const { path, number, key, type, status, attempts, startedAtMs, endedAtMs, error, branch } = record
  return {
    ...{ runId, path, number, organizationId, environment, workflowId, actionKey: key, actionType: type, status },
    ...{ attempts, runStartedAtMs, startedAtMs, durationMs: Math.max(0, endedAtMs - startedAtMs), branch },
    ...{ input: shown(record.input, secrets), output: shown(record.output, secrets) },
    variables: shown(record.variables, secrets),
    errorCode: error?.code ?? null,
    errorMessage: error === null ? null : redacted(error.message, secrets),
  }
}

function shown(value: unknown, secrets: Iterable<string>): string | null {
  return value === null || value === undefined ? null : cut(redacted(JSON.stringify(value), secrets))
}

function cut(text: string): string {
  if (text.length <= VALUE_CHARACTERS_MAX) return text
  return text.slice(0, VALUE_CHARACTERS_MAX).toWellFormed() + CUT
}
