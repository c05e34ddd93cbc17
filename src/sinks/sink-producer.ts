/**
 * The producer of one sink: records of one partition travel together while an earlier request for it is under way, so
 * their order is that of the attempts. A record that a partition refuses for itself takes none of its neighbours along.
 */
import kafkajs, { type Kafka, type Message, type PartitionMetadata, type SASLOptions } from 'kafkajs'
import type { AddressGuard } from '../delivery/address-guard.ts'
import { AttemptError } from '../delivery/attempt-error.ts'
import type { OpenedSink, SinkMechanism } from '../model/sinks.ts'
import { GuardedSocket } from './guarded-socket.ts'
import { type SinkFailure, sinkFailure } from './sink-errors.ts'

const { logLevel, Partitioners } = kafkajs

const CONNECT_MS = 10_000
/** Of a broker, for one answer; an attempt has its own limit. */
const REQUEST_MS = 25_000
const RECORDS_MAX = 500
const BATCH_BYTES_MAX = 1024 * 1024
/** Length prefixes and attributes of a record and its headers. */
const FRAMING_BYTES = 64

export interface SinkMessage {
  key: string | null
  value: Buffer
  headers: Record<string, string>
}

export interface SinkPlace {
  partition: number
  offset: string
}

export type SinkResult = SinkPlace | SinkFailure

export interface SinkProducer {
  /** Never rejects. */
  send(message: SinkMessage): Promise<SinkResult>
  /** Breaks its connections: everything under way ends with this error, and so does what comes later. */
  cut(error: AttemptError): void
  /** Closes it once nothing is under way. */
  close(): Promise<void>
}

interface Waiting {
  message: Message
  bytes: number
  resolve(result: SinkResult): void
}

/** Records for one partition; `UNPLACED` ones until the partitions are known. */
interface Lane {
  waiting: Waiting[]
  isSending: boolean
}
const UNPLACED = -1

export function createSinkProducer(
  sink: OpenedSink,
  { guard, ca }: { guard: AddressGuard; ca?: string[] | undefined },
): SinkProducer {
  const { topic } = sink
  const lanes = new Map<number, Lane>()
  const sockets = new Set<GuardedSocket>()
  const place = Partitioners.DefaultPartitioner()
  /** As the client saw them with its last request; used once a first one has ended, so that nothing overtakes it. */
  let partitions: PartitionMetadata[] = []
  let isPlacing = false
  let fault: AttemptError | undefined
  let ended: AttemptError | undefined

  function dial(host: string, port: number, onConnect: () => void): GuardedSocket {
    const tls = sink.tls ? { ...(ca && { ca }) } : undefined
    const onFault = (error: AttemptError) => {
      fault = error
    }
    const socket = new GuardedSocket({ host, port, tls, guard, onConnect, onFault })
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return ended === undefined ? socket : socket.destroy(ended)
  }

  const producer = clientOf(sink, dial).producer({
    allowAutoTopicCreation: false,
    createPartitioner: () => args => {
      partitions = args.partitionMetadata
      args.message.partition ??= place(args)
      return args.message.partition
    },
  })
  let connecting: Promise<void> | undefined

  const partitionOf = (message: Message): number =>
    isPlacing ? place({ topic, partitionMetadata: partitions, message }) : UNPLACED

  async function produce(batch: readonly Waiting[]): Promise<SinkResult[]> {
    if (ended !== undefined) return failedWith({ error: ended, isFinal: false }, batch)
    try {
      connecting ??= producer.connect()
      await connecting
      const messages = batch.map(({ message }) => message)
      const answers = await producer.send({ topic, messages, acks: -1, timeout: REQUEST_MS })
      fault = undefined
      const places = placesOf(answers, messages)
      if (places.includes(GONE)) isPlacing = false
      return places
    } catch (error) {
      connecting = undefined
      // The partitions may be other ones now.
      isPlacing = false
      return failedWith(ended ? { error: ended, isFinal: false } : sinkFailure(error, fault), batch)
    }
  }

  /** A refused batch is sent record by record: only the one that the broker refuses is lost. */
  async function produceAll(batch: readonly Waiting[]): Promise<void> {
    const results = await produce(batch)
    const isRefused = batch.length > 1 && results.some(result => 'isFinal' in result && result.isFinal)
    for (const [at, each] of batch.entries()) each.resolve(isRefused ? (await produce([each]))[0]! : results[at]!)
  }

  async function run(lane: Lane, partition: number): Promise<void> {
    lane.isSending = true
    while (lane.waiting.length > 0) await produceAll(takeBatch(lane.waiting))
    lane.isSending = false
    lanes.delete(partition)
    if (partition === UNPLACED) isPlacing = partitions.length > 0
  }

  return {
    send({ key, value, headers }) {
      if (ended !== undefined) return Promise.resolve({ error: ended, isFinal: false })
      const message: Message = { key, value, headers }
      const partition = partitionOf(message)
      if (partition !== UNPLACED) message.partition = partition
      const lane = lanes.get(partition) ?? { waiting: [], isSending: false }
      lanes.set(partition, lane)
      return new Promise(resolve => {
        lane.waiting.push({ message, bytes: bytesOf(message), resolve })
        // What is sent in the same turn goes along.
        if (!lane.isSending) {
          lane.isSending = true
          setImmediate(() => void run(lane, partition))
        }
      })
    },
    cut(error) {
      ended = error
      for (const socket of sockets) socket.destroy(error)
    },
    async close() {
      ended ??= new AttemptError('connect', 'The connection to the cluster was closed.')
      // Disconnecting waits for requests under way, of which there are none.
      await producer.disconnect().catch(() => undefined)
      for (const socket of sockets) socket.destroy()
    },
  }
}

const failedWith = (failure: SinkFailure, batch: readonly Waiting[]): SinkResult[] => batch.map(() => failure)

/** The client leaves out records for partitions that are no longer there, and says nothing. */
const GONE: SinkFailure = {
  error: new AttemptError('broker', 'The partition of the record is gone: the topic was made anew.'),
  isFinal: false,
}

/** The offsets of a partition's records follow each other. */
function placesOf(
  answers: ReadonlyArray<{ partition: number; baseOffset?: string }>,
  messages: readonly Message[],
): SinkResult[] {
  const next = new Map(answers.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? -1)]))
  return messages.map(({ partition = UNPLACED }) => {
    const offset = next.get(partition)
    if (offset === undefined) return GONE
    next.set(partition, offset + 1n)
    return { partition, offset: String(offset) }
  })
}

function clientOf(
  { bootstrapServers, sasl, tls, password }: OpenedSink,
  dial: (host: string, port: number, onConnect: () => void) => GuardedSocket,
): Kafka {
  return new kafkajs.Kafka({
    ...{ clientId: 'clarion', brokers: bootstrapServers, ssl: tls, logLevel: logLevel.NOTHING },
    ...(sasl && { sasl: { mechanism: WORDS[sasl.mechanism], username: sasl.username, password } as SASLOptions }),
    ...{ connectionTimeout: CONNECT_MS, authenticationTimeout: CONNECT_MS, requestTimeout: REQUEST_MS },
    socketFactory: ({ host, port, onConnect }) => dial(host, port, onConnect) as never,
    // One try at each server; what fails after that waits for the delivery's own schedule.
    retry: { retries: Math.max(2, bootstrapServers.length), initialRetryTime: 50, maxRetryTime: 500 },
  })
}

const WORDS: Readonly<Record<SinkMechanism, string>> = {
  PLAIN: 'plain',
  'SCRAM-SHA-256': 'scram-sha-256',
  'SCRAM-SHA-512': 'scram-sha-512',
}

/** Takes the next batch off the front. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  while (count < Math.min(waiting.length, RECORDS_MAX)) {
    bytes += waiting[count]!.bytes
    if (count > 0 && bytes > BATCH_BYTES_MAX) break
    count++
  }
  return waiting.splice(0, count)
}

function bytesOf({ key, value, headers }: Message): number {
  let bytes = FRAMING_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
  for (const name in headers) bytes += name.length + String(headers[name]).length + 4
  return bytes
}
