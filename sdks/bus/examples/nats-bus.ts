/**
 * A bus over a stream of NATS JetStream, for `@nats-io/jetstream` 3 and `@nats-io/kv` 3. Its place is in a bucket of its own: acknowledging message by
 * message would give those of a reader that ended back behind later ones. Outside of this repository the import is from '@clarion/bus'.
 */
import { type BusOptions, DurableBus, type Event, hasRoom, immutable, isFull, Keeper, laneOf, Progress, type Reader, Room, type Session, systemClock, type Transport } from '../src/index.ts' // biome-ignore format: one line in a copy

/** What it uses of `jetstream(connection)`. */
export interface JetStream {
  publish(subject: string, payload: string, options: { msgID: string }): Promise<unknown>
  consumers: { get(stream: string, options: object): Promise<{ consume(): Promise<Messages> }> }
}
interface Messages extends AsyncIterable<{ seq: number; string(): string }> {
  close(): Promise<unknown>
}

export interface NatsBusOptions extends BusOptions {
  jetstream: JetStream
  /** `await new Kvm(connection).create('places')`. */
  places: { get(key: string): Promise<{ string(): string } | null>; put(key: string, value: string): Promise<unknown> }
  /** The newest sequence number: `async () => (await manager.streams.info(stream)).state.last_seq`. */
  lastSequence(): Promise<number>
  stream: string
  /** One of the stream's subjects. */
  subject: string
  /** Its place is kept under this name; one bus per name. */
  reader: string
}

export class NatsBus extends DurableBus {
  constructor(options: NatsBusOptions) {
    super(new NatsTransport(options), options)
  }
}

class NatsTransport implements Transport {
  readonly #options: NatsBusOptions
  readonly #progress = new Progress<number>()
  readonly #keeper: Keeper
  /** The last sequence number in hand. */
  #taken: number | undefined
  readonly #room = new Room()

  constructor(options: NatsBusOptions) {
    this.#options = options
    this.#keeper = new Keeper(options.clock ?? systemClock, () => this.#keep())
  }

  /** The server drops a repetition of the id within its window of two minutes. */
  async send(event: Event): Promise<void> {
    const { jetstream, subject } = this.#options
    await jetstream.publish(subject, JSON.stringify(event), { msgID: event.id })
  }

  async open(reader: Reader): Promise<Session> {
    const { jetstream, stream } = this.#options
    this.#taken ??= await this.#place()
    const options = { deliver_policy: 'by_start_sequence', opt_start_seq: this.#taken + 1 }
    const messages = await (await jetstream.consumers.get(stream, options)).consume()
    this.#keeper.start()
    const stop = () => void messages.close()
    reader.closing.addEventListener('abort', stop, { once: true })
    const ended = this.#read(messages, reader).catch((error: Error) => error)
    return {
      ended,
      close: async () => {
        reader.closing.removeEventListener('abort', stop)
        await messages.close()
        await ended
        await this.#keeper.stop()
      },
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** A new reader begins with the next event; its place is kept before anything is read. */
  async #place(): Promise<number> {
    const { places, reader, lastSequence } = this.#options
    const kept = await places.get(reader)
    if (kept !== null) return Number(kept.string())
    const last = await lastSequence()
    await places.put(reader, String(last))
    return last
  }

  async #read(messages: Messages, reader: Reader): Promise<undefined> {
    for await (const message of messages) {
      if (reader.closing.aborted) break
      void this.#take(message.seq, message.string(), reader)
      if (isFull(this.#progress)) await this.#room.wait(reader.closing)
    }
    return undefined
  }

  async #take(seq: number, text: string, reader: Reader): Promise<void> {
    if (seq <= this.#taken!) return
    this.#taken = seq
    const taken = this.#progress.take(seq)
    const event = this.#eventOf(seq, text, reader)
    const isFinished = event === undefined || (await reader.take(event, laneOf(event)))
    if (!isFinished) return
    this.#progress.finish(taken)
    this.#keeper.soon()
    if (hasRoom(this.#progress)) this.#room.made()
  }

  async #keep(): Promise<void> {
    const reached = this.#progress.reached()
    if (reached === undefined) return
    await this.#options.places.put(this.#options.reader, String(reached.place))
    this.#progress.kept(reached.count)
    if (hasRoom(this.#progress)) this.#room.made()
  }

  #eventOf(seq: number, text: string, reader: Reader): Event | undefined {
    try {
      return immutable(JSON.parse(text))
    } catch (error) {
      reader.report(new Error(`${this.#options.stream}, message ${seq}: ${(error as Error).message}`))
      return undefined
    }
  }
}
