/** One partition of the log: which of its records are in hand, and how far they are finished. It outlives the sessions with the broker. */
import type { KafkaMessage } from 'kafkajs'
import { hasRoom, isFull, Progress } from '../durable/progress.ts'

export class Partition {
  #progress = new Progress<bigint>()
  /** Timestamps of the records whose position is not committed: one that is fetched again is known by it, one of another log is not. */
  #known = new Map<bigint, string>()
  #next = 0n

  get isFull(): boolean {
    return isFull(this.#progress)
  }

  get hasRoom(): boolean {
    return hasRoom(this.#progress)
  }

  /** Answers what to call when the event is finished; undefined if the record is in hand already. */
  take({ offset, timestamp }: KafkaMessage): (() => void) | undefined {
    const at = BigInt(offset)
    if (this.#known.get(at) === timestamp) return undefined
    // The log was cut or made anew: what is in hand has no place in it.
    if (at < this.#next) this.#forget()
    this.#known.set(at, timestamp)
    this.#next = at + 1n
    const progress = this.#progress
    const taken = progress.take(this.#next)
    return () => progress.finish(taken)
  }

  /** The lowest unfinished offset, if it is not committed. */
  uncommitted(): { offset: bigint; committed(): void } | undefined {
    const progress = this.#progress
    const reached = progress.reached()
    const committed = () => {
      if (progress !== this.#progress || reached === undefined) return
      progress.kept(reached.count)
      for (const offset of [...this.#known.keys()].slice(0, reached.count)) this.#known.delete(offset)
    }
    return reached && { offset: reached.place, committed }
  }

  #forget(): void {
    this.#progress = new Progress()
    this.#known = new Map()
  }
}
