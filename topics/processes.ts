import { boolean, codecOf, int, list, long, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Role, type Topic } from './topic.ts'

/** What a process says of one of its roles. */
export type RoleReport = ValueOf<typeof roleReportFields>

export const roleReportFields = record('RoleReport', {
  role: textOf<Role>(),
  /** Shards that it holds; none of `api`. */
  shards: list(int),
  /** Of these, those that run. */
  running: list(int),
  /** Records of the inputs of its shards that wait. */
  lagRecords: long,
  /** Age of the oldest of them, s; 0: none waits. */
  lagSeconds: long,
})

export type ProcessReport = ValueOf<typeof processReportFields>

export const processReportFields = record('ProcessReport', {
  version: text,
  startedAtMs: long,
  roles: list(roleReportFields),
  /** What is not ready, in sentences. */
  missing: list(text),
  /** Parts of the embedded backends that it runs, and their disk. */
  disk: list(record('DiskPart', { part: text, usedBytes: long, freeBytes: long })),
  kafkaVersion: optional(text),
  /** It stops: it takes no more calls. */
  isStopping: boolean,
})

export const processReportCodec = codecOf(processReportFields)

/** Written every ten seconds; a process that has not written for thirty is gone. */
export const processes: Topic = {
  name: 'processes',
  meaning: 'The processes of the installation: roles, shards, what waits, what is not ready.',
  key: 'the process',
  value: 'Avro ProcessReport',
  partitions: 'one',
  producers: ['api', 'admit', 'deliver', 'run', 'queue', 'record'],
  consumers: ['api'],
  cleanup: 'compact',
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
