/** How far the events of one log are finished: they may finish in any order, and a place is kept only when nothing in front of it is unfinished. */

export interface Taken<Place> {
  /** Where reading continues behind the event. */
  readonly after: Place
  isFinished: boolean
}

export class Progress<Place> {
  readonly #taken: Array<Taken<Place>> = []
  /** So many at the front are finished. */
  #finished = 0
  #unfinished = 0

  /** Events that are not finished. */
  get unfinished(): number {
    return this.#unfinished
  }

  /** Events from the first one whose place is not kept: what a crash would repeat. */
  get length(): number {
    return this.#taken.length
  }

  take(after: Place): Taken<Place> {
    const taken = { after, isFinished: false }
    this.#taken.push(taken)
    this.#unfinished++
    return taken
  }

  finish(taken: Taken<Place>): void {
    if (taken.isFinished) return
    taken.isFinished = true
    this.#unfinished--
    while (this.#taken[this.#finished]?.isFinished) this.#finished++
  }

  /** The place in front of the first unfinished event, and how many events lie before it; undefined if it is kept already. */
  reached(): { place: Place; count: number } | undefined {
    const last = this.#taken[this.#finished - 1]
    return last && { place: last.after, count: this.#finished }
  }

  /** The place in front of which `count` events lie is kept. */
  kept(count: number): void {
    this.#taken.splice(0, count)
    this.#finished -= count
  }
}

/** At so many unfinished events a log waits; it continues at half of it. */
export const UNFINISHED_MAX = 1_000
/** So many events at most come again after a crash, when one of them hangs. */
export const UNKEPT_MAX = 10_000

export const isFull = ({ unfinished, length }: Progress<unknown>): boolean =>
  unfinished >= UNFINISHED_MAX || length >= UNKEPT_MAX
export const hasRoom = ({ unfinished, length }: Progress<unknown>): boolean =>
  unfinished <= UNFINISHED_MAX / 2 && length <= UNKEPT_MAX / 2
