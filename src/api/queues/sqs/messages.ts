/** Messages as SQS shows them: wanted attributes, and the checksums that clients compute. */
import { createHash } from 'node:crypto'
import type { EventFacts } from '../../../../topics/deliveries.ts'
import type { ControlView } from '../../../model/control-view.ts'
import type { QueueRecord } from '../../../model/queues.ts'
import { envelopeOf, factsOf } from '../../../streaming/selection.ts'
import type { Received } from '../queue-messages.ts'
import { SqsError } from './errors.ts'
import { arnOf } from './names.ts'

interface Attribute {
  DataType: 'String'
  StringValue: string
}

export interface SqsMessage {
  MessageId: string
  ReceiptHandle: string
  Body: string
  MD5OfBody: string
  Attributes?: Record<string, string>
  MessageAttributes?: Record<string, Attribute>
  MD5OfMessageAttributes?: string
}

/** Names as the request has them; `All` is all of them. */
export interface Wanted {
  system: readonly string[]
  message: readonly string[]
}

interface Facts {
  queue: QueueRecord
  received: Received
  event: EventFacts
  view: Pick<ControlView, 'find'>
}

const SYSTEM: Record<string, (facts: Facts) => string | undefined> = {
  ApproximateReceiveCount: ({ received }) => String(received.message.receiveCount),
  ApproximateFirstReceiveTimestamp: ({ received }) => String(received.message.firstReceivedAtMs),
  SentTimestamp: ({ event }) => String(event.recordedAtMs),
  SenderId: ({ event }) => event.actorId,
  MessageGroupId: ({ queue, event }) => (queue.ordered ? (event.subject ?? '') : undefined),
  MessageDeduplicationId: ({ queue, event }) => (queue.ordered ? event.eventId : undefined),
  SequenceNumber: ({ queue, event }) => (queue.ordered ? String(event.sequence) : undefined),
  DeadLetterQueueSourceArn: ({ queue, received, view }) => {
    const from = received.message.deadFrom
    const source = from === null ? undefined : view.find('queue', queue.organizationId, from.queueId)
    return source && arnOf(source)
  },
  // Events carry the trace of W3C, in their envelope.
  AWSTraceHeader: () => undefined,
}

/** Throws `InvalidAttributeName`. */
export function checkSystemNames(names: readonly string[]): void {
  for (const name of names)
    if (name !== 'All' && !Object.hasOwn(SYSTEM, name))
      throw new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`)
}

export function presentMessage(
  { queue, received, view }: Omit<Facts, 'event'>,
  { wanted, isWithheld }: { wanted: Wanted; isWithheld: boolean },
): SqsMessage {
  const event = factsOf(received.record)
  const body = bodyOf(queue, received, isWithheld)
  const system = systemAttributes({ queue, received, event, view }, wanted.system)
  const attributes = Object.fromEntries(
    Object.entries(messageAttributes(event)).filter(([name]) => wanted.message.some(each => selects(each, name))),
  )
  return {
    ...{ MessageId: event.eventId, ReceiptHandle: received.receipt },
    ...{ Body: body.toString('utf8'), MD5OfBody: createHash('md5').update(body).digest('hex') },
    ...(Object.keys(system).length === 0 ? {} : { Attributes: system }),
    ...(Object.keys(attributes).length === 0
      ? {}
      : { MessageAttributes: attributes, MD5OfMessageAttributes: md5OfAttributes(attributes) }),
  }
}

const WITHHELD = Buffer.from('{"withheld":true}')

/** By the queue's `sqsBody`: the envelope, or the payload's own bytes. */
function bodyOf({ sqsBody }: QueueRecord, { record, message }: Received, isWithheld: boolean): Buffer {
  if (sqsBody !== 'payload') return envelopeOf(record, { format: 'default', isWithheld, replayId: message.replayId })
  return isWithheld || record.value === null ? WITHHELD : record.value
}

function systemAttributes(facts: Facts, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, of] of Object.entries(SYSTEM)) {
    if (!names.includes(name) && !names.includes('All')) continue
    const value = of(facts)
    if (value !== undefined) found[name] = value
  }
  return found
}

function messageAttributes({ type, canonicalName, environment, subject }: EventFacts): Record<string, Attribute> {
  const texts = { type, canonicalName, environment, ...(subject === null || subject === '' ? {} : { subject }) }
  return Object.fromEntries(
    Object.entries(texts).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  )
}

/** `All`, `.*`, a name, or the start of names with `.*` behind it. */
function selects(wanted: string, name: string): boolean {
  if (wanted === 'All' || wanted === '.*') return true
  return wanted.endsWith('.*') ? name.startsWith(wanted.slice(0, -2)) : wanted === name
}

const STRING_TYPE = Buffer.of(1)

/** "Calculating the MD5 message digest for message attributes" in the developer guide of SQS. */
export function md5OfAttributes(attributes: Record<string, Attribute>): string {
  const digest = createHash('md5')
  for (const name of Object.keys(attributes).sort()) {
    const { DataType, StringValue } = attributes[name]!
    for (const part of [name, DataType]) digest.update(sized(part))
    digest.update(STRING_TYPE).update(sized(StringValue))
  }
  return digest.digest('hex')
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
