import type { SkipReason } from './audit-relays.ts'
import { bytes, codecOf, int, list, optional, record, text, textOf, type ValueOf } from './avro.ts'
import { eventFactsFields } from './deliveries.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** An accepted event with more relays than one transaction takes: its targets, as decided at acceptance. */
export type WaitingEvent = ValueOf<typeof waitingEventFields>

export const waitingEventFields = record('WaitingEvent', {
  event: eventFactsFields,
  payload: bytes,
  pushes: list(
    record('WaitingPush', {
      id: text,
      groupId: text,
      namespace: text,
      name: text,
      version: text,
      schemaHash: text,
    }),
  ),
  /** In the order in which their relays are written. */
  targets: list(
    record('WaitingTarget', {
      /** Index among the pushes. */
      push: int,
      memberId: text,
      organizationId: text,
      inboundNamespace: optional(text),
      /** Reason to send nothing there. */
      skip: optional(textOf<SkipReason>()),
    }),
  ),
})

/** Number of the event's targets that have been written. */
export type RelayProgress = ValueOf<typeof relayProgressFields>

export const relayProgressFields = record('RelayProgress', {
  written: int,
})

export const waitingEventCodec = codecOf(waitingEventFields)

export const relayProgressCodec = codecOf(relayProgressFields)

const EVENT = 'event/'
const PROGRESS = 'progress/'

/** The first part of a key names the record's type; the rest of both is `<organization>/<emit id>`. */
export const admissionRelayKeys = {
  ofEvent: (name: string) => EVENT + name,
  ofProgress: (name: string) => PROGRESS + name,
  parse(key: string): { kind: 'event' | 'progress'; name: string } | undefined {
    if (key.startsWith(EVENT)) return { kind: 'event', name: key.slice(EVENT.length) }
    return key.startsWith(PROGRESS) ? { kind: 'progress', name: key.slice(PROGRESS.length) } : undefined
  },
}

export const admissionRelays: Topic = {
  name: 'admission.relays',
  meaning: 'The state of `admit`: accepted events with relays that are not written yet, and their progress.',
  key: 'event/<org>/<emit id>, or progress/<org>/<emit id>',
  value: 'Avro WaitingEvent or RelayProgress',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['admit'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
