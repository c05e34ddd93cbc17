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

const REFUSALS = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION'])
const BATCH_RECORDS_MAX = 500
/** Less than the million bytes that brokers take in a batch. */
const BATCH_BYTES_MAX = 900_000

export class Sender {
  readonly #topic: string
  readonly #connect: () => Promise<Producer>
  #producer: Producer | undefined
  readonly #waiting: Waiting[] = []
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
      const failure = await this.#write(batch)
      if (failure !== undefined) await this.#fail(failure)
    }
    this.#working = undefined
  }

  /** Answers what stopped it, once the records of the batch are rejected. */
  async #write(batch: readonly Waiting[]): Promise<Error | undefined> {
    try {
      this.#producer ??= await this.#connect()
      await this.#producer.send({ topic: this.#topic, acks: -1, messages: batch.map(({ message }) => message) })
      for (const { resolve } of batch) resolve()
      return undefined
    } catch (thrown) {
      const error = errorOf(thrown)
      const refusal = refusalOf(error)
      if (refusal !== undefined && batch.length > 1) return this.#writeEach(batch)
      const rejection = refusal === undefined ? unconfirmed(error) : refused(refusal, error)
      for (const { reject } of batch) reject(rejection)
      return refusal === undefined ? error : undefined
    }
  }

  /** One record is refused, and the broker does not say which: the others are written without it. */
  async #writeEach(batch: readonly Waiting[]): Promise<Error | undefined> {
    for (const [index, each] of batch.entries()) {
      const failure = await this.#write([each])
      if (failure === undefined) continue
      for (const { reject } of batch.slice(index + 1)) reject(unwritten(failure))
      return failure
    }
    return undefined
  }

  /** Records that waited fail, too: nothing that was published later is written in front of what may be published again. */
  async #fail(cause: Error): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(unwritten(cause))
    await this.#producer?.disconnect().catch(() => undefined)
    this.#producer = undefined
  }
}

const unconfirmed = (cause: Error): BusError =>
  new BusError('bus_unavailable', `The event may not be written: ${cause.message}. Publish it again.`, { cause })

const unwritten = (cause: Error): BusError =>
  new BusError('bus_unavailable', `The event is not written: ${cause.message}. Publish it again.`, { cause })

/** So many of them make one request; at least one. */
function batchLength(waiting: readonly Waiting[]): number {
  let bytes = 0
  const end = waiting.findIndex(({ message: { value } }, index) => {
    bytes += Buffer.byteLength(value as string) + 1_000
    return index > 0 && (index >= BATCH_RECORDS_MAX || bytes > BATCH_BYTES_MAX)
  })
  return end === -1 ? waiting.length : end
}

/** The broker's reason, where it refuses the record and not the request. */
function refusalOf(error: Error): string | undefined {
  const { type, cause } = error as { type?: string; cause?: unknown }
  if (type !== undefined && REFUSALS.has(type)) return type
  return cause instanceof Error ? refusalOf(cause) : undefined
}

const refused = (reason: string, cause: Error): BusError =>
  new BusError('event_refused', `The broker refuses the event (${reason}): ${cause.message}`, { reason, cause })
