/**
 * The example records of `topics/examples/`, as fixtures. A file holds key, headers and value; a text is its bytes in UTF-8,
 * `{ "hex": … }` for other bytes. A value is written as what it decodes to: an object for Avro and for `control`, else its text. In topics
 * that each organization has for itself the file names the topic.
 */
import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import avro from 'avsc'
import type { Headers, LogRecord, OutRecord } from '../../src/kafka/ports.ts'
import { admissionCounters, inputPositionCodec, organizationCountersCodec } from '../../topics/admission-counters.ts'
import { admissionDeferred, deferredEmitCodec } from '../../topics/admission-deferred.ts'
import { admissionKeys, admissionKeysCodec } from '../../topics/admission-keys.ts'
import { admissionRelays, relayProgressCodec, waitingEventCodec } from '../../topics/admission-relays.ts'
import { auditAttempts, auditAttemptsCodec } from '../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec } from '../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec } from '../../topics/audit-emits.ts'
import { auditMeters, auditMetersCodec } from '../../topics/audit-meters.ts'
import { auditNotifications, auditNotificationsCodec } from '../../topics/audit-notifications.ts'
import { auditRelays, auditRelaysCodec } from '../../topics/audit-relays.ts'
import { auditReplays, auditReplaysCodec } from '../../topics/audit-replays.ts'
import { auditRuns, auditRunsCodec } from '../../topics/audit-runs.ts'
import type { Codec } from '../../topics/avro.ts'
import { control } from '../../topics/control.ts'
import { deliveries, deliveryRecordCodec } from '../../topics/deliveries.ts'
import { deliveriesCommands, deliveryCommandCodec } from '../../topics/deliveries-commands.ts'
import { deadLettersCodec } from '../../topics/deliveries-dead-letter.ts'
import { retryRecordCodec } from '../../topics/deliveries-retry.ts'
import {
  deliveryCatchUps,
  earlyBlockCodec,
  owedBlockCodec,
  parkedWebhookCodec,
  redriveStateCodec,
  replayStateCodec,
} from '../../topics/delivery-catch-ups.ts'
import {
  askedDeliveryCodec,
  deliveryPositionCodec,
  deliveryState,
  doneBlockCodec,
  endpointStateCodec,
  failedBlockCodec,
  laneStateCodec,
  openEventCodec,
  pendingNoticeCodec,
  webhookHealthCodec,
} from '../../topics/delivery-state.ts'
import { domainCommandCodec, domainCommands } from '../../topics/domain-commands.ts'
import { domainEntryCodec, domainKeyCodec, domainNumbersCodec, domainState } from '../../topics/domain-state.ts'
import { inspectedRequestCodec, inspectorsRequests } from '../../topics/inspectors-requests.ts'
import {
  channelStateCodec,
  notificationState,
  pendingNotificationCodec,
  seenKeyCodec,
} from '../../topics/notification-state.ts'
import { notificationRecordCodec, notifications } from '../../topics/notifications.ts'
import { outcomes, outcomesCodec, pausesCodec } from '../../topics/outcomes.ts'
import { platformEmitCodec, platformEmits } from '../../topics/platform-emits.ts'
import { processes, processReportCodec } from '../../topics/processes.ts'
import { queueCommandCodec, queuesCommands } from '../../topics/queues-commands.ts'
import {
  queueAnswersCodec,
  queueGroupCodec,
  queueHeadCodec,
  queuePositionCodec,
  queuesState,
} from '../../topics/queues-state.ts'
import { recordState, recordStateCodec } from '../../topics/record-state.ts'
import { responses, responsesCodec } from '../../topics/responses.ts'
import { runEntryCodec, runJournal } from '../../topics/run-journal.ts'
import {
  runCallKeyCodec,
  runDelayedEmitCodec,
  runPaceCodec,
  runPositionCodec,
  runScheduleCodec,
  runState,
} from '../../topics/run-state.ts'
import { runInputCodec, runs } from '../../topics/runs.ts'
import { runCommandCodec, runsCommands } from '../../topics/runs-commands.ts'
import { presenceCodec, streamsPresence } from '../../topics/streams-presence.ts'

/** The key of the examples' tags, chain tokens and webhook secrets. */
export const EXAMPLES_SECRET = 'the secret of the examples'
/** When the broker appended them: 25 July 2026, 17:20 UTC. */
export const EXAMPLES_AT_MS = Date.parse('2026-07-25T17:20:00.000Z')

export type Bytes = string | { hex: string } | null

export interface Example {
  /** The file's name: what it shows. */
  shows: string
  /** The folder: the topic, without organization and delay. */
  folder: string
  topic: string
  key: Bytes
  headers: Record<string, Bytes>
  value: unknown
}

const directory = new URL('../../topics/examples/', import.meta.url)

export const FOLDERS: readonly string[] = readdirSync(directory)

/** The folder of a topic's examples, by its name or pattern: `emits.<org>` in `emits`, every retry topic in `deliveries.retry`. */
export const folderOf = (name: string): string =>
  name.replace(/^(emits|events)\..*/, '$1').replace(/^(deliveries\.retry)-.*/, '$1')

/** The examples of a folder, in the order of their names. */
export function examplesOf(folder: string): Example[] {
  const files = readdirSync(new URL(`${folder}/`, directory)).sort()
  return files.map(file => {
    const read = JSON.parse(readFileSync(new URL(`${folder}/${file}`, directory), 'utf8')) as Omit<
      Example,
      'shows' | 'folder'
    >
    return { ...read, topic: read.topic ?? folder, folder, shows: file.replace(/\.json$/, '') }
  })
}

/** The codec of a topic's value; undefined where the value is bytes or JSON. */
export function codecOf(topic: string, key: string | null): Codec<unknown> | undefined {
  const kind = key?.split('/')[0] ?? ''
  return CODECS[folderOf(topic)]?.[kind] ?? CODECS[folderOf(topic)]?.any
}

const as = (codec: object) => codec as Codec<unknown>
const CODECS: Record<string, Record<string, Codec<unknown>>> = {
  [admissionCounters.name]: { counters: as(organizationCountersCodec), position: as(inputPositionCodec) },
  [admissionKeys.name]: { any: as(admissionKeysCodec) },
  [admissionDeferred.name]: { any: as(deferredEmitCodec) },
  [admissionRelays.name]: { event: as(waitingEventCodec), progress: as(relayProgressCodec) },
  [auditRuns.name]: { any: as(auditRunsCodec) },
  [runs.name]: { any: as(runInputCodec) },
  [runsCommands.name]: { any: as(runCommandCodec) },
  [domainCommands.name]: { any: as(domainCommandCodec) },
  [domainState.name]: { entry: as(domainEntryCodec), key: as(domainKeyCodec), numbers: as(domainNumbersCodec) },
  [responses.name]: { any: as(responsesCodec) },
  [runJournal.name]: { any: as(runEntryCodec) },
  [runState.name]: {
    ...{
      position: as(runPositionCodec),
      pace: as(runPaceCodec),
      key: as(runCallKeyCodec),
      schedule: as(runScheduleCodec),
      emit: as(runDelayedEmitCodec),
    },
  },
  [queuesCommands.name]: { any: as(queueCommandCodec) },
  [queuesState.name]: {
    answers: as(queueAnswersCodec),
    position: as(queuePositionCodec),
    queue: as(queueHeadCodec),
    group: as(queueGroupCodec),
  },
  [auditAttempts.name]: { any: as(auditAttemptsCodec) },
  [auditChanges.name]: { any: as(auditChangesCodec) },
  [auditEmits.name]: { any: as(auditEmitsCodec) },
  [auditMeters.name]: { any: as(auditMetersCodec) },
  [auditRelays.name]: { any: as(auditRelaysCodec) },
  [auditNotifications.name]: { any: as(auditNotificationsCodec) },
  [inspectorsRequests.name]: { any: as(inspectedRequestCodec) },
  [processes.name]: { any: as(processReportCodec) },
  [notifications.name]: { any: as(notificationRecordCodec) },
  [notificationState.name]: {
    pending: as(pendingNotificationCodec),
    channel: as(channelStateCodec),
    seen: as(seenKeyCodec),
  },
  [auditReplays.name]: { any: as(auditReplaysCodec) },
  [deliveries.name]: { any: as(deliveryRecordCodec) },
  'deliveries.retry': { any: as(retryRecordCodec) },
  'deliveries.dead-letter': { packed: as(deadLettersCodec), any: as(retryRecordCodec) },
  [deliveriesCommands.name]: { any: as(deliveryCommandCodec) },
  [deliveryState.name]: {
    ...{
      position: as(deliveryPositionCodec),
      done: as(doneBlockCodec),
      open: as(openEventCodec),
      asked: as(askedDeliveryCodec),
    },
    ...{ health: as(webhookHealthCodec), notice: as(pendingNoticeCodec), lane: as(laneStateCodec) },
    ...{ endpoint: as(endpointStateCodec), failed: as(failedBlockCodec) },
  },
  [deliveryCatchUps.name]: {
    ...{
      parked: as(parkedWebhookCodec),
      owed: as(owedBlockCodec),
      early: as(earlyBlockCodec),
      replay: as(replayStateCodec),
      redrive: as(redriveStateCodec),
    },
  },
  [outcomes.name]: { pauses: as(pausesCodec), any: as(outcomesCodec) },
  [platformEmits.name]: { any: as(platformEmitCodec) },
  [recordState.name]: { any: as(recordStateCodec) },
  [streamsPresence.name]: { any: as(presenceCodec) },
}

/** The example as a reader of its topic gets it. */
export function asRecord(example: Example, place: Partial<LogRecord> = {}): LogRecord {
  const headers: Headers = {}
  for (const [name, value] of Object.entries(example.headers)) headers[name] = toBytes(value)!
  const key = toBytes(example.key)
  return {
    topic: example.topic,
    partition: 0,
    offset: 0,
    timestampMs: EXAMPLES_AT_MS,
    key,
    value: valueBytes(example),
    headers,
    ...place,
  }
}

function valueBytes({ topic, key, value }: Example): Buffer | null {
  if (value === null) return null
  const codec = codecOf(topic, typeof key === 'string' ? key : null)
  if (codec) return codec.encode(withBytes(avro.Type.forSchema(codec.schema as avro.Schema), value))
  return topic === control.name ? Buffer.from(JSON.stringify(value)) : toBytes(value as Bytes)
}

/** A record as an example writes it. */
export function asExample(record: LogRecord | OutRecord): Pick<Example, 'topic' | 'key' | 'headers' | 'value'> {
  const key = fromBytes(record.key)
  const headers = Array.isArray(record.headers)
    ? Object.fromEntries(record.headers as Array<[string, Buffer]>)
    : (record.headers ?? {})
  return {
    topic: record.topic,
    key,
    headers: Object.fromEntries(
      Object.entries(headers as Record<string, Buffer>).map(([name, value]) => [name, fromBytes(value)]),
    ),
    value: readableValue(record, typeof key === 'string' ? key : null),
  }
}

function readableValue({ topic, value }: LogRecord | OutRecord, key: string | null): unknown {
  if (value === null) return null
  const codec = codecOf(topic, key)
  if (codec) return withoutBytes(codec.decode(Buffer.from(value)))
  return topic === control.name ? (JSON.parse(value.toString()) as unknown) : fromBytes(value)
}

const toBytes = (bytes: Bytes): Buffer | null =>
  bytes === null ? null : typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.hex, 'hex')

function fromBytes(bytes: Buffer | string | null): Bytes {
  if (bytes === null || typeof bytes === 'string') return bytes
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : { hex: bytes.toString('hex') }
}

/** The example's value with bytes wherever the schema has them. */
function withBytes(type: avro.Type, value: unknown): unknown {
  if (value === null) return null
  if (avro.Type.isType(type, 'bytes', 'fixed')) return toBytes(value as Bytes)
  if (avro.Type.isType(type, 'array'))
    return (value as unknown[]).map(item => withBytes((type as avro.types.ArrayType).itemsType, item))
  if (avro.Type.isType(type, 'union')) {
    const other = (type as avro.types.UnwrappedUnionType).types.find(each => each.typeName !== 'null')!
    return withBytes(other, value)
  }
  if (!avro.Type.isType(type, 'record')) return value
  const fields = (type as avro.types.RecordType).fields.map(({ name, type: of }) => [
    name,
    withBytes(of, (value as never)[name]),
  ])
  return { ...(value as object), ...Object.fromEntries(fields) }
}

function withoutBytes(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return fromBytes(value)
  if (Array.isArray(value)) return value.map(withoutBytes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutBytes(member)]))
}
