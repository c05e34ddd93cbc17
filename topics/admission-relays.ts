import type { FederationMember, FederationPush } from '../src/model/records.ts'
import type { SkipReason } from './audit-relays.ts'
import { avroCodec, nullable } from './avro.ts'
import { type EventFacts, eventFactsSchema } from './deliveries.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** An accepted event whose relays are more than one transaction takes: to whom it goes, as was decided when it was accepted. */
export interface WaitingEvent {
  event: EventFacts
  payload: Buffer
  pushes: Array<Pick<FederationPush, 'id' | 'groupId' | 'namespace' | 'name' | 'version' | 'schemaHash'>>
  /** In the order in which their relays are written. */
  targets: Array<{
    /** Index among the pushes. */
    push: number
    memberId: string
    organizationId: string
    inboundNamespace: FederationMember['inboundNamespace']
    /** Why nothing goes there. */
    skip: SkipReason | null
  }>
}

/** So many of the event's targets have been written. */
export interface RelayProgress {
  written: number
}

const text = (name: string) => ({ name, type: 'string' })

export const waitingEventCodec = avroCodec<WaitingEvent>({
  type: 'record',
  name: 'WaitingEvent',
  namespace: 'clarion',
  fields: [
    { name: 'event', type: eventFactsSchema },
    { name: 'payload', type: 'bytes' },
    {
      name: 'pushes',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'WaitingPush',
          fields: ['id', 'groupId', 'namespace', 'name', 'version', 'schemaHash'].map(text),
        },
      },
    },
    {
      name: 'targets',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'WaitingTarget',
          fields: [
            { name: 'push', type: 'int' },
            { name: 'memberId', type: 'string' },
            { name: 'organizationId', type: 'string' },
            { name: 'inboundNamespace', ...nullable('string') },
            { name: 'skip', ...nullable('string') },
          ],
        },
      },
    },
  ],
})

export const relayProgressCodec = avroCodec<RelayProgress>({
  type: 'record',
  name: 'RelayProgress',
  namespace: 'clarion',
  fields: [{ name: 'written', type: 'int' }],
})

const EVENT = 'event/'
const PROGRESS = 'progress/'

/** Keys sort out which of the two a record is; the rest of both is `<organization>/<emit id>`. */
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
  meaning: 'The state of `admit`: accepted events of which not all relays are written yet, and how many are.',
  key: 'event/<org>/<emit id>, or progress/<org>/<emit id>',
  value: 'Avro WaitingEvent or RelayProgress',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['admit'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
