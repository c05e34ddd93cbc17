/**
 * From records of the audit topics to table rows in ClickHouse's format. Columns have the fields' names; a time loses
 * its `Ms` and becomes `DateTime64(3)`. A row depends on its record alone, so a block can be built again.
 */
import { auditAttemptsCodec } from '../../../topics/audit-attempts.ts'
import { auditChangesCodec } from '../../../topics/audit-changes.ts'
import { auditEmitsCodec } from '../../../topics/audit-emits.ts'
import { auditMetersCodec } from '../../../topics/audit-meters.ts'
import { auditNotificationsCodec } from '../../../topics/audit-notifications.ts'
import { auditRelaysCodec } from '../../../topics/audit-relays.ts'
import { auditReplaysCodec } from '../../../topics/audit-replays.ts'
import { auditRunsCodec } from '../../../topics/audit-runs.ts'
import { TRACE_ID } from '../../events/trace-context.ts'
import { copySlice } from './row-binary.ts'
import { type Column, columnsOf, rowsOf } from './table-rows.ts'

const WORD = 'LowCardinality(String)'
const WORD_OR_NULL = 'LowCardinality(Nullable(String))'
const DAY_MS = 86_400_000

const EMITS = {
  ...{
    environment: WORD,
    verdict: WORD,
    code: WORD_OR_NULL,
    sequence: 'Nullable(UInt64)',
    depth: 'UInt16',
    channel: WORD,
  },
  ...{
    payloadBytes: 'UInt32',
    webhooks: 'Array(Tuple(webhookId String, skipped Nullable(String)))',
    subscriberCount: 'UInt32',
  },
  ...{ warnings: 'Array(LowCardinality(String))' },
}
const TRACE: Column = {
  ...{ name: 'traceId', type: 'Nullable(String)', field: 'traceparent', copy: copySlice(TRACE_ID.start, TRACE_ID.end) },
}
const OF_PAYLOADS = ['organizationId', 'environment', 'emitId', 'recordedAtMs', 'payload']
const ATTEMPTS = {
  ...{
    environment: WORD,
    sequence: 'UInt64',
    number: 'UInt32',
    maxAttempts: 'UInt32',
    trigger: WORD,
    state: WORD,
    reason: WORD_OR_NULL,
  },
  ...{
    durationMs: 'UInt32',
    connectMs: 'Nullable(UInt32)',
    firstByteMs: 'Nullable(UInt32)',
    responseStatus: 'Nullable(UInt16)',
  },
  ...{ queuedMs: 'Nullable(UInt32)', dnsMs: 'Nullable(UInt32)', tlsMs: 'Nullable(UInt32)' },
  ...{ errorKind: WORD_OR_NULL },
}
const SHADOWS = {
  ...{
    environment: WORD,
    answer: WORD,
    durationMs: 'UInt32',
    responseStatus: 'Nullable(UInt16)',
    errorKind: WORD_OR_NULL,
  },
  ...{ realDurationMs: 'UInt32', realStatus: 'Nullable(UInt16)', realErrorKind: WORD_OR_NULL },
}
const CHANGES = { type: WORD, entityType: WORD, previousStatus: WORD_OR_NULL, status: WORD_OR_NULL }
const READINGS = { environment: WORD, meter: WORD, reading: 'UInt64' }
const REPLAY_ITEMS = {
  ...{ environment: WORD, targetKind: WORD, eventType: WORD, canonicalName: WORD, sequence: 'UInt64' },
  ...{ outcome: WORD, reason: WORD_OR_NULL },
}
const RELAYS = { step: 'UInt8', status: WORD, skipReason: WORD_OR_NULL }

const NOTIFICATIONS = {
  ...{ step: 'UInt32', environment: WORD, channelType: WORD, kind: WORD_OR_NULL, severity: WORD, sourceKind: WORD },
  ...{ status: WORD_OR_NULL, suppressedReason: WORD_OR_NULL },
  ...{ durationMs: 'Nullable(UInt32)', responseStatus: 'Nullable(UInt16)' },
}

const RUNS = {
  ...{
    step: 'UInt8',
    environment: WORD,
    workflowVersion: 'UInt32',
    mode: WORD,
    status: WORD,
    skipReason: WORD_OR_NULL,
  },
  ...{
    triggerKind: WORD,
    durationMs: 'Nullable(UInt64)',
    errorCode: WORD_OR_NULL,
    chainDepth: 'UInt16',
    steps: 'UInt32',
  },
}
const RUN_STEPS = {
  ...{ number: 'UInt32', environment: WORD, actionType: WORD, status: WORD, attempts: 'UInt32', durationMs: 'UInt64' },
  ...{ errorCode: WORD_OR_NULL, branch: WORD_OR_NULL },
}

/** Each verdict is a row in `emits` and, with a payload, one in `payloads`. */
export const emitRows = rowsOf(auditEmitsCodec, {
  verdicts: fields => {
    const columns = columnsOf(
      fields.filter(({ name }) => name !== 'payload'),
      EMITS,
    )
    const ofPayloads = fields.filter(({ name }) => OF_PAYLOADS.includes(name))
    return [
      { table: 'emits', partition: { by: 'recordedAtMs', name: month }, columns: [...columns, TRACE] },
      {
        table: 'payloads',
        partition: { by: 'recordedAtMs', name: day },
        columns: columnsOf(ofPayloads, { environment: WORD }, 'payload'),
        where: 'payload',
      },
    ]
  },
  completions: fields => {
    const columns = columnsOf(fields, { environment: WORD, state: WORD })
    return [{ table: 'completions', partition: { by: 'completedAtMs', name: month }, columns }]
  },
})

export const attemptRows = rowsOf(auditAttemptsCodec, {
  attempts: fields => [
    { table: 'attempts', partition: { by: 'startedAtMs', name: day }, columns: columnsOf(fields, ATTEMPTS) },
  ],
  shadows: fields => [
    { table: 'shadow_attempts', partition: { by: 'startedAtMs', name: day }, columns: columnsOf(fields, SHADOWS) },
  ],
})

export const changeRows = rowsOf(auditChangesCodec, {
  changes: fields => [
    { table: 'changes', partition: { by: 'occurredAtMs', name: month }, columns: columnsOf(fields, CHANGES) },
  ],
})

export const relayRows = rowsOf(auditRelaysCodec, {
  relays: fields => [
    { table: 'relays', partition: { by: 'queuedAtMs', name: day }, columns: columnsOf(fields, RELAYS) },
  ],
})

export const meterRows = rowsOf(auditMetersCodec, {
  readings: fields => [
    { table: 'meter_readings', partition: { by: 'atMs', name: month }, columns: columnsOf(fields, READINGS) },
  ],
})

export const notificationRows = rowsOf(auditNotificationsCodec, {
  steps: fields => [
    {
      table: 'notifications',
      partition: { by: 'createdAtMs', name: month },
      columns: columnsOf(fields, NOTIFICATIONS),
    },
  ],
})

export const replayItemRows = rowsOf(auditReplaysCodec, {
  items: fields => [
    { table: 'replay_items', partition: { by: 'atMs', name: day }, columns: columnsOf(fields, REPLAY_ITEMS) },
  ],
})

export const runRows = rowsOf(auditRunsCodec, {
  steps: fields => [
    { table: 'run_steps', partition: { by: 'runStartedAtMs', name: day }, columns: columnsOf(fields, RUN_STEPS) },
  ],
  runs: fields => [{ table: 'runs', partition: { by: 'startedAtMs', name: day }, columns: columnsOf(fields, RUNS) }],
})

/** Rows arrive day by day, and formatting a date is expensive. */
let last = { day: 0, dayName: '1970-01-01', monthName: '1970-01' }

export function day(ms: number): string {
  return dayOf(ms).dayName
}

function month(ms: number): string {
  return dayOf(ms).monthName
}

function dayOf(ms: number): typeof last {
  const number = Math.floor(ms / DAY_MS)
  if (number === last.day) return last
  const dayName = new Date(ms).toISOString().slice(0, 10)
  last = { day: number, dayName, monthName: dayName.slice(0, 7) }
  return last
}
