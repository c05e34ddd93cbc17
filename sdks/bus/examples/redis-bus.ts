/**
 * A bus over one Redis stream, for `redis` 5 or newer. A group has one reader: Redis gives every event to one consumer of a group, so that two of them
 * would not keep the order of a subject. Outside of this repository the import is from '@clarion/bus'.
 */
import { type BusOptions, DurableBus, type Event, immutable, laneOf, type Reader, Room, type Session, type Transport } from '../src/index.ts' // biome-ignore format: one line in a copy

/** What it uses of the client that `createClient` makes. */
export interface RedisClient {
  xAdd(key: string, id: string, fields: Record<string, string>, options?: object): Promise<string | null>
  xGroupCreate(key: string, group: string, id: string, options?: object): Promise<unknown>
  xReadGroup(group: string, consumer: string, streams: object, options?: object): Promise<unknown>
  xAck(key: string, group: string, id: string): Promise<unknown>
  duplicate(): RedisClient
  connect(): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

export interface RedisBusOptions extends BusOptions {
  /** Connected. Reading has a connection of its own. */
  client: RedisClient
  stream: string
  group: string
  /** The stream forgets older events, read or not. Default 1,000,000. */
  length?: number
}

export class RedisBus extends DurableBus {
  constructor(options: RedisBusOptions) {
    super(new RedisTransport(options), options)
  }
}

interface Entry {
  id: string
  message: { event?: string }
}

const READER = 'reader'
const PAGE = 100
const BLOCK_MS = 500
const UNFINISHED_MAX = 1_000

class RedisTransport implements Transport {
  readonly #options: RedisBusOptions
  /** Entries in hand; a new session is given them again. */
  readonly #unfinished = new Set<string>()
  readonly #room = new Room()

  constructor(options: RedisBusOptions) {
    this.#options = options
  }

  async send(event: Event): Promise<void> {
    const { client, stream, length = 1_000_000 } = this.#options
    const TRIM = { strategy: 'MAXLEN', strategyModifier: '~', threshold: length }
    await client.xAdd(stream, '*', { event: JSON.stringify(event) }, { TRIM })
  }

  async open(reader: Reader): Promise<Session> {
    const { client, stream, group } = this.#options
    // A new group begins with the next event, and is there before anything is read.
    await client.xGroupCreate(stream, group, '$', { MKSTREAM: true }).catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error
    })
    const connection = client.duplicate()
    connection.on('error', () => undefined)
    await connection.connect()
    let isClosed = false
    const ended = this.#read(connection, reader, () => isClosed || reader.closing.aborted).catch(
      (error: Error) => error,
    )
    return {
      ended,
      async close() {
        isClosed = true
        await ended
        connection.destroy()
      },
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** First what was given to this reader before and not acknowledged, in its order, then what is new. */
  async #read(connection: RedisClient, reader: Reader, isClosed: () => boolean): Promise<undefined> {
    for (let from = '0'; !isClosed(); ) {
      if (this.#unfinished.size >= UNFINISHED_MAX) await this.#room.wait(reader.closing)
      const entries = await this.#page(connection, from)
      for (const entry of entries) if (!isClosed()) void this.#take(entry, reader)
      if (from !== '>') from = entries.at(-1)?.id ?? '>'
    }
    return undefined
  }

  async #page(connection: RedisClient, id: string): Promise<Entry[]> {
    const { stream, group } = this.#options
    const options = { COUNT: PAGE, ...(id === '>' ? { BLOCK: BLOCK_MS } : {}) }
    const answer = await connection.xReadGroup(group, READER, { key: stream, id }, options)
    return (answer as Array<{ messages: Entry[] }> | null)?.[0]?.messages ?? []
  }

  async #take({ id, message }: Entry, reader: Reader): Promise<void> {
    if (this.#unfinished.has(id)) return
    this.#unfinished.add(id)
    const event = this.#eventOf(id, message, reader)
    const isFinished = event === undefined || (await reader.take(event, laneOf(event)))
    if (!isFinished) return
    const { client, stream, group } = this.#options
    await client.xAck(stream, group, id).catch((error: Error) => reader.report(error))
    this.#unfinished.delete(id)
    if (this.#unfinished.size <= UNFINISHED_MAX / 2) this.#room.made()
  }

  #eventOf(id: string, { event }: Entry['message'], reader: Reader): Event | undefined {
    try {
      return immutable(JSON.parse(event ?? ''))
    } catch (error) {
      reader.report(new Error(`${this.#options.stream}, entry ${id}: ${(error as Error).message}`))
      return undefined
    }
  }
}
