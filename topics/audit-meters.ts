import { byDefault, codecOf, environment, list, long, record, text, textOf, type ValueOf } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** Meters that are counted by processes; the others are counted from audit rows, and `stored_bytes` from both. */
export const READ_METERS = ['streamed_events', 'queue_messages', 'stored_bytes'] as const
export type ReadMeter = (typeof READ_METERS)[number]

/** The reading of a counter at a time. A counter only grows, and a reading that is repeated adds nothing. */
export type MeterReading = ValueOf<typeof meterReadingFields>

export const meterReadingFields = record('MeterReading', {
  organizationId: text,
  environment,
  meter: textOf<ReadMeter>(),
  /** Of one counter of one process or queue: a new process, or one that had forgotten the counter, begins another one at 0. */
  counterId: text,
  reading: long,
  atMs: long,
})

export type AuditMeters = ValueOf<typeof auditMetersFields>

export const auditMetersFields = record('AuditMeters', {
  readings: byDefault([], list(meterReadingFields)),
})

export const auditMetersCodec = codecOf(auditMetersFields)

/** Many readings travel in one record: those of one process and shard. */
export const auditMeters: Topic = {
  name: 'audit.meters',
  meaning:
    'Readings of counters, such as the events that processes have handed to readers, queues to consumers, or the growth of tables.',
  key: 'nothing',
  value: 'Avro AuditMeters',
  partitions: 'shards',
  producers: ['api', 'queue'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
