/** Emits by HTTP, and reads the stream from the place behind the last event that was taken. */
import type { Random } from '../clock.ts'
import { Keeper } from '../durable/keeper.ts'
import { hasRoom, isFull, Progress } from '../durable/progress.ts'
import { Room } from '../durable/room.ts'
import { laneOf, type Reader, type Session, type Transport } from '../durable/transport.ts'
import { BusError, errorOf } from '../errors.ts'
import { type Event, immutable } from '../event.ts'
import { Connection, type Envelope, endOf, type Frame } from './connection.ts'
import type { CursorStore } from './cursor-store.ts'
import { Emitter } from './emitter.ts'
import type { Platform } from './platform.ts'

export interface StreamSettings {
  platform: Platform
  types: readonly string[]
  cursors: CursorStore
  from: 'latest' | 'earliest'
  onExpired: 'fail' | 'continue'
  client: string
  random: Random
}

/** A new connection may repeat the last events. */
const REMEMBERED_IDS = 1_000

export class StreamTransport implements Transport {
  readonly #settings: StreamSettings
  readonly #emitter: Emitter
  readonly #keeper: Keeper
  readonly #progress = new Progress<string>()
  readonly #ids = new Set<string>()
  readonly #emitting = new Set<Promise<void>>()
  /** Behind the last event that was taken. */
  #cursor: string | undefined
  #isWithheldReported = false
  readonly #room = new Room()

  constructor(settings: StreamSettings) {
    const { platform, random } = settings
    this.#settings = settings
    this.#emitter = new Emitter(platform, random)
    this.#keeper = new Keeper(platform.clock, () => this.#save())
  }

  async send(event: Event): Promise<void> {
    const emitting = this.#emitter.emit(event)
    this.#emitting.add(emitting)
    await emitting.finally(() => this.#emitting.delete(emitting))
  }

  async open(reader: Reader): Promise<Session> {
    const { platform, types, client, onExpired, from, cursors } = this.#settings
    const kept = this.#cursor ?? (await cursors.load()) ?? undefined
    const connection = await Connection.open({
      ...{ platform, types, client, onExpired, closing: reader.closing },
      from: kept ?? from,
    })
    try {
      await this.#begin(connection, reader, kept)
    } catch (error) {
      connection.close()
      throw error
    }
    this.#keeper.start()
    const ended = this.#read(connection, reader).catch((thrown: unknown) => errorOf(thrown))
    void ended.then(() => connection.close())
    return {
      ended,
      close: async () => {
        connection.close()
        await ended
        await this.#keeper.stop()
      },
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#emitting)
  }

  /** The place of a new reader is kept at once: what comes before its first event is finished counts as unread. */
  async #begin(connection: Connection, reader: Reader, kept: string | undefined): Promise<void> {
    for (;;) {
      const frame = await connection.next()
      if (frame === undefined) throw new Error('The stream ended before it began.')
      if (frame.type === 'end') throw endOf(frame) ?? new Error(`The stream ended before it began: ${frame.reason}`)
      if (frame.type === 'gap') this.#reportGap(frame, reader)
      else if (frame.type === 'ready') {
        if (frame.cursor === null) return
        this.#cursor ??= frame.cursor
        if (kept === undefined) await this.#settings.cursors.save(frame.cursor)
        return
      }
    }
  }

  /** Ends with the connection. Undefined: the platform wants the client to connect again. */
  async #read(connection: Connection, reader: Reader): Promise<Error | undefined> {
    for (;;) {
      if (isFull(this.#progress)) await this.#room.wait(reader.closing)
      const frame = await connection.next()
      if (frame === undefined || reader.closing.aborted) return undefined
      if (frame.type === 'end') return endOf(frame)
      if (frame.type === 'gap') this.#reportGap(frame, reader)
      if (frame.cursor === null) continue
      if (frame.event === undefined) this.#pass(frame.cursor)
      else void this.#take(frame.event, frame.cursor, reader)
    }
  }

  async #take(envelope: Envelope, cursor: string, reader: Reader): Promise<void> {
    if (this.#ids.has(envelope.id)) return this.#pass(cursor)
    this.#remember(envelope.id)
    this.#cursor = cursor
    const taken = this.#progress.take(cursor)
    const event = this.#eventOf(envelope, reader)
    if (event !== undefined && !(await reader.take(event, laneOf(event)))) return
    this.#progress.finish(taken)
    this.#finished()
  }

  /** A place without an event. */
  #pass(cursor: string): void {
    this.#cursor = cursor
    this.#progress.finish(this.#progress.take(cursor))
    this.#finished()
  }

  #finished(): void {
    this.#keeper.soon()
    if (hasRoom(this.#progress)) this.#room.made()
  }

  async #save(): Promise<void> {
    const reached = this.#progress.reached()
    if (reached === undefined) return
    await this.#settings.cursors.save(reached.place)
    this.#progress.kept(reached.count)
    if (hasRoom(this.#progress)) this.#room.made()
  }

  #remember(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size <= REMEMBERED_IDS) return
    for (const oldest of this.#ids) return void this.#ids.delete(oldest)
  }

  #reportGap({ lostEvents }: Frame, reader: Reader): void {
    const message = `${lostEvents ?? 'Some'} events are gone from the log before they were read.`
    reader.report(new BusError('events_lost', message))
  }

  #eventOf(envelope: Envelope, reader: Reader): Event | undefined {
    const { id, type, time, subject, data, organizationId, actorId, correlationId, withheld } = envelope
    if (withheld === true && !this.#isWithheldReported) {
      this.#isWithheldReported = true
      const message = 'The key may not read payloads: events come with null in their place.'
      reader.report(new BusError('payload_withheld', message))
    }
    try {
      return immutable({ id, type, time, subject, payload: data, tenantId: organizationId, actorId, correlationId })
    } catch (error) {
      reader.report(new BusError('record_unreadable', `Event ${id}: ${errorOf(error).message}`, { cause: error }))
      return undefined
    }
  }
}
