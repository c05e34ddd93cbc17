import { codecOf, environment, int, long, optional, record, text, type ValueOf } from './avro.ts'
import { answerToFields } from './responses.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A call about the records of the reference domain. */
export type DomainCommand = ValueOf<typeof domainCommandFields>

export const domainCommandFields = record('DomainCommand', {
  /** Such as `order.create`; `<kind>.get` and `<kind>.list` read. */
  name: text,
  organizationId: text,
  environment,
  actorId: text,
  /** Unique: ids of what the command makes follow from it. */
  requestId: text,
  /** Of the record, and of a part of it; empty where the command is about none. */
  id: text,
  part: text,
  /** A JSON object. */
  body: text,
  expectedRevision: optional(int),
  idempotencyKey: optional(text),
  /** Its consequences are judged once the view of the control plane has reached this offset. */
  controlOffset: long,
  /** Records of one kind that the plan has room for. */
  recordsMax: int,
  answerTo: answerToFields,
})

export const domainCommandCodec = codecOf(domainCommandFields)

export const domainCommands: Topic = {
  name: 'domain.commands',
  meaning: 'Calls about the records of the reference domain: changes and reads.',
  key: 'the organization',
  value: 'Avro DomainCommand',
  partitions: 'shards',
  producers: ['api'],
  consumers: ['run'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
