/** Hands the records of the log over, keeps count of what is finished, and says what may be committed. It outlives the sessions with the broker. */
import type { EachBatchPayload, KafkaMessage, TopicPartitionOffsetAndMetadata } from 'kafkajs'
import type { Clock } from '../clock.ts'
import { Keeper } from '../durable/keeper.ts'
import { laneOf, type Reader } from '../durable/transport.ts'
import { errorOf } from '../errors.ts'
import { Partition } from './partition.ts'
import { eventOf } from './record.ts'

export type Commit = (offsets: TopicPartitionOffsetAndMetadata[]) => Promise<void>

export interface ReadingOptions {
  topic: string
  /** For events that name no tenant. */
  tenantId: string | null
  clock: Clock
}

export class Reading {
  readonly #options: ReadingOptions
  readonly #partitions = new Map<number, Partition>()
  /** Partitions that wait until they have room. */
  readonly #paused = new Map<number, () => void>()
  readonly #keeper: Keeper
  #commit: Commit | undefined

  constructor(options: ReadingOptions) {
    this.#options = options
    this.#keeper = new Keeper(options.clock, () => this.#commitFinished())
  }

  /** The session through which positions are committed from now on. */
  begin(commit: Commit): void {
    this.#paused.clear()
    this.#commit = commit
    this.#keeper.start()
  }

  /** What is in hand of other partitions comes again, at another member. */
  assign(partitions: readonly number[]): void {
    for (const id of this.#partitions.keys()) {
      if (partitions.includes(id)) continue
      this.#partitions.delete(id)
      this.#paused.delete(id)
    }
  }

  /** Takes as many records as there is room for; the others are fetched again then. Waits for no handler. */
  take(reader: Reader, { batch, resolveOffset, pause, isRunning, isStale }: EachBatchPayload): void {
    const partition = this.#partitionOf(batch.partition)
    for (const record of batch.messages) {
      if (reader.closing.aborted || !isRunning() || isStale()) return
      if (partition.isFull) {
        this.#paused.set(batch.partition, pause())
        return
      }
      const finish = partition.take(record)
      resolveOffset(record.offset)
      if (finish !== undefined) void this.#handle(reader, batch.partition, record, finish)
    }
  }

  /** Commits what is finished, and nothing any more after that. */
  end(): Promise<void> {
    return this.#keeper.stop()
  }

  commitNow(): Promise<void> {
    return this.#keeper.now()
  }

  async #handle(reader: Reader, id: number, record: KafkaMessage, finish: () => void): Promise<void> {
    const event = this.#read(reader, id, record)
    const isFinished = event === undefined || (await reader.take(event, laneOf(event, String(id))))
    if (!isFinished) return
    finish()
    this.#resume(id)
    this.#keeper.soon()
  }

  /** A record that is no event is passed over with its place, since it would hold up the partition for ever. */
  #read(reader: Reader, id: number, record: KafkaMessage) {
    try {
      return eventOf(record, this.#options.tenantId)
    } catch (thrown) {
      const error = errorOf(thrown)
      error.message = `${this.#options.topic}, partition ${id}, offset ${record.offset}: ${error.message}`
      reader.report(error)
      return undefined
    }
  }

  #resume(id: number): void {
    if (this.#partitions.get(id)?.hasRoom !== true) return
    this.#paused.get(id)?.()
    this.#paused.delete(id)
  }

  async #commitFinished(): Promise<void> {
    const reached = [...this.#partitions].flatMap(([id, partition]) => {
      const uncommitted = partition.uncommitted()
      return uncommitted === undefined ? [] : [{ id, ...uncommitted }]
    })
    if (reached.length === 0 || this.#commit === undefined) return
    const { topic } = this.#options
    await this.#commit(reached.map(({ id, offset }) => ({ topic, partition: id, offset: String(offset) })))
    for (const { id, committed } of reached) {
      committed()
      this.#resume(id)
    }
  }

  #partitionOf(id: number): Partition {
    const found = this.#partitions.get(id)
    if (found !== undefined) return found
    const made = new Partition()
    this.#partitions.set(id, made)
    return made
  }
}
