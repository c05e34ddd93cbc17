/** The surroundings of one case: a bus of its own, and what its handlers saw. */
import { randomBytes } from 'node:crypto'
import type { Bus, Delivery, Subscription } from '../bus.ts'
import { type Event, type NewEvent, newEvent } from '../event.ts'
import { ContractClock } from './contract-clock.ts'
import type { ContractSubject } from './subject.ts'

const TYPES = ['contract.first', 'contract.second', 'contract.third'] as const
const ARRIVAL_MS = 20_000

export interface Payload {
  contract: string
  marker: string
  value?: unknown
}

export interface DeadLetter {
  marker: string
  message: string
}

type Act = (marker: string, delivery: Delivery, event: Event) => void | Promise<void>

export class Stage {
  readonly clock = new ContractClock()
  readonly isDurable: boolean
  readonly types: readonly [string, string, string]
  readonly deadLetters: DeadLetter[] = []
  readonly #subject: ContractSubject
  /** Of this case: other cases share the log. */
  readonly #contract = randomBytes(8).toString('hex')
  readonly #opened: Bus[] = []
  #changed: Array<() => void> = []
  bus!: Bus

  private constructor(subject: ContractSubject) {
    this.#subject = subject
    this.isDurable = subject.isDurable
    this.types = subject.types ?? TYPES
  }

  static async of(subject: ContractSubject): Promise<Stage> {
    const stage = new Stage(subject)
    await stage.open()
    return stage
  }

  /** Opens the bus, or opens it again. */
  async open(): Promise<void> {
    this.bus = await this.#subject.open({
      clock: this.clock,
      reader: this.#contract,
      deadLetter: (event, { message }) => {
        this.deadLetters.push({ marker: markerOf(event), message })
        this.#notify()
      },
    })
    this.#opened.push(this.bus)
  }

  /** Closes what a case left open. */
  async end(): Promise<void> {
    this.clock.hold()
    this.clock.fire()
    await Promise.all(this.#opened.map(bus => bus.close()))
  }

  event(marker: string, { type = 0, subject = 's', value }: EventParts = {}): NewEvent<Payload> {
    const payload: Payload = { contract: this.#contract, marker, ...(value === undefined ? {} : { value }) }
    return newEvent(this.types[type]!).withSubject(subject).withPayload(payload)
  }

  publish(marker: string, parts?: EventParts): Promise<void> {
    return this.bus.publish(this.event(marker, parts))
  }

  /** A subscription that notes what it sees. */
  watch(types: readonly number[] = [], act: Act = () => undefined): Watching {
    const seen: string[] = []
    const events: Event[] = []
    const subscription = this.bus.subscribe(
      async (event, delivery) => {
        if (!this.isOwn(event)) return
        const marker = markerOf(event)
        seen.push(marker)
        events.push(event)
        this.#notify()
        await act(marker, delivery, event)
      },
      ...types.map(type => this.types[type]!),
    )
    return { seen, events, subscription, unsubscribe: () => subscription.unsubscribe() }
  }

  isOwn({ payload }: Event): boolean {
    return (payload as Partial<Payload> | null)?.contract === this.#contract
  }

  /** Resolves when the condition holds, which is looked at whenever a handler is called; rejects after the longest wait. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const late = new Error(`not within ${this.#subject.arrivalMs ?? ARRIVAL_MS} ms: ${what}`)
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(late), this.#subject.arrivalMs ?? ARRIVAL_MS)
      const look = () => {
        if (!holds()) return void this.#changed.push(look)
        clearTimeout(timer)
        resolve()
      }
      look()
    })
  }

  /** Resolves when the watcher has seen all of these. */
  sees(watching: Watching, ...markers: string[]): Promise<void> {
    const isThere = () => markers.every(marker => watching.seen.includes(marker))
    return this.until(`'${markers.join("', '")}' among '${watching.seen.join("', '")}'`, isThere)
  }

  /** For conditions that change outside of a watcher. */
  notify(): void {
    this.#notify()
  }

  #notify(): void {
    const looking = this.#changed
    this.#changed = []
    // After the handlers of the same event that are called in this turn.
    setImmediate(() => {
      for (const look of looking) look()
    })
  }
}

export interface EventParts {
  /** Index of the type. */
  type?: number
  subject?: string | null
  value?: unknown
}

export interface Watching {
  seen: string[]
  events: Event[]
  subscription: Subscription
  unsubscribe(): void
}

const markerOf = ({ payload }: Event): string => (payload as Payload).marker

/** Opens once; what waits for it goes on. */
export function gate(): { open(): void; opened: Promise<void> } {
  let open: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open: () => open(), opened }
}

/** Started now, awaited by calling the answer: a failure meanwhile is not unhandled. */
export function started(...running: Array<Promise<unknown>>): () => Promise<unknown> {
  for (const each of running) each.catch(() => undefined)
  return () => Promise.all(running)
}
