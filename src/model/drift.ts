/** Findings of drift: two things that must agree and do not (docs/specification/drift.md). */
import type { Stored } from './stored.ts'

export const DRIFT_KINDS = [
  'materialisation',
  'declared_state',
  'payload_shape',
  'type_generation',
  'fork_upstream',
  'federation_snapshot',
  'subscription_target',
  'admission',
  'ledger',
] as const
export type DriftKind = (typeof DRIFT_KINDS)[number]

/** Faults of the platform, which its operator sees too. */
export const OPERATORS_KINDS: readonly DriftKind[] = ['materialisation', 'admission', 'ledger']

export const DRIFT_SEVERITIES = ['info', 'warning', 'critical'] as const
export type DriftSeverity = (typeof DRIFT_SEVERITIES)[number]
export const DRIFT_STATUSES = ['open', 'acknowledged', 'resolved', 'ignored'] as const
export type DriftStatus = (typeof DRIFT_STATUSES)[number]

/** One place that differs. Never a payload's value. */
export interface DriftChange {
  path: string
  change: string
}

/** What a look has seen: a finding without its history. */
export interface Observation {
  kind: DriftKind
  severity: DriftSeverity
  entityType: string
  entityId: string
  canonicalName: string | null
  message: string
  /** Hashes, versions and counts. */
  expected: Record<string, unknown> | null
  actual: Record<string, unknown> | null
  diff: DriftChange[]
  /** Of `payload_shape`: a schema that what was seen is valid under. */
  proposal?: Record<string, unknown>
}

/** `organizationId`: `platform` for what belongs to no organization. */
export interface DriftFinding extends Stored, Omit<Observation, 'proposal'> {
  proposal: Record<string, unknown> | null
  /** Identifies the fault together with kind and entity. */
  diffHash: string
  firstSeenAt: string
  lastSeenAt: string
  occurrences: number
  status: DriftStatus
  resolvedAt: string | null
  note: string | null
}
