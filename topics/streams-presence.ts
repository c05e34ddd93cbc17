import { codecOf, environment, list, long, oneOf, optional, record, text, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export const TRANSPORTS = ['sse', 'ndjson', 'websocket'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** One open stream, as lists show it. */
export type OpenStream = ValueOf<typeof openStreamFields>

export const openStreamFields = record('OpenStream', {
  id: text,
  keyId: text,
  environment,
  /** The name by which a later stream of the same key replaces this one. */
  client: optional(text),
  transport: oneOf('Transport', TRANSPORTS),
  /** The first twenty selectors. */
  types: list(text),
  openedAtMs: long,
  behindEvents: long,
  unsentBytes: long,
})

export const presenceCodec = codecOf(record('StreamsOfProcess', { streams: list(openStreamFields) }))

const PROCESS = 'process/'
const END = 'end/'

export const presenceKeys = {
  ofProcess: (processId: string, organizationId: string) => `${PROCESS}${processId}/${organizationId}`,
  /** A request to end a stream, whichever process holds it; its value is empty, and a tombstone follows. */
  ofEnd: (organizationId: string, streamId: string) => `${END}${organizationId}/${streamId}`,
  /** The meaning of a record's key. */
  parse(
    key: string,
  ): { processId: string; organizationId: string } | { organizationId: string; streamId: string } | undefined {
    const [kind, first, second] = key.split('/')
    if (first === undefined || second === undefined) return undefined
    if (`${kind}/` === PROCESS) return { processId: first, organizationId: second }
    return `${kind}/` === END ? { organizationId: first, streamId: second } : undefined
  },
}

/** Written on change, at most once a second for each organization, and every ten seconds while there are streams. */
export const streamsPresence: Topic = {
  name: 'streams.presence',
  meaning: 'The open streams of each organization by api process, so that limits and lists cover all processes.',
  key: 'process/<api process>/<org>, or end/<org>/<stream>',
  value: 'Avro StreamsOfProcess',
  partitions: 'one',
  producers: ['api'],
  consumers: ['api'],
  cleanup: 'compact',
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
