/**
 * Writes records in the order in which they are given: one request after the other, and what comes meanwhile goes with the next one. With several
 * requests under way, a repeated one would overtake.
 */
import type { Message, Producer } from 'kafkajs'
import { BusError, errorOf } from '../errors.ts'

interface Waiting {
  message: Message
  resolve(): void
  reject(error: Error): void
}

const BATCH_RECORDS_MAX = 500
/** Less than the million bytes that brokers take in a batch. */
const BATCH_BYTES_MAX = 900_000

export class Sender {
  readonly #topic: string
  readonly #connect: () => Promise<Producer>
  #producer: Producer | undefined
  #waiting: Waiting[] = []
  #working: Promise<void> | undefined

  constructor(topic: string, connect: () => Promise<Producer>) {
    this.#topic = topic
    this.#connect = connect
  }

  /** Resolves when all replicas in sync have it. */
  send(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  async close(): Promise<void> {
    await this.#working
    await this.#producer?.disconnect()
  }

  async #work(): Promise<void> {
    // What is published in the same turn goes together.
    await undefined
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchLength(this.#waiting))
      try {
        this.#producer ??= await this.#connect()
        await this.#producer.send({ topic: this.#topic, acks: -1, messages: batch.map(({ message }) => message) })
        for (const { resolve } of batch) resolve()
      } catch (error) {
        await this.#fail(batch, errorOf(error))
      }
    }
    this.#working = undefined
  }

  /** Records that waited fail, too: nothing that was published later is written in front of what may be published again. */
  async #fail(batch: readonly Waiting[], cause: Error): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const code = 'bus_unavailable'
    for (const { reject } of batch)
      reject(new BusError(code, `The event may not be written: ${cause.message}. Publish it again.`, { cause }))
    for (const { reject } of waiting)
      reject(new BusError(code, `The event is not written: ${cause.message}. Publish it again.`, { cause }))
    await this.#producer?.disconnect().catch(() => undefined)
    this.#producer = undefined
  }
}

/** So many of them make one request; at least one. */
function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0
  const end = waiting.findIndex(({ message: { value } }, index) => {
    bytes += Buffer.byteLength(value as string) + 1_000
    return index > 0 && (index >= BATCH_RECORDS_MAX || bytes > BATCH_BYTES_MAX)
  })
  return end === -1 ? waiting.length : end
}
