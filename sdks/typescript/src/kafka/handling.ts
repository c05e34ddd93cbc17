/**
 * Hands events to the program, one at a time for each partition, and tracks which have been handled. Outlives the
 * sessions with the broker.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { KafkaMessage } from 'kafkajs'
import { pauseMs } from '../backoff.ts'
import type { Random } from '../clock.ts'
import { eventOf, type LogEvent } from './log-event.ts'

export interface Delivery {
  /** 1, and one more each time the event is repeated because `onEvent` threw. */
  attempt: number
  /** Aborted when `close()` waits no longer. */
  signal: AbortSignal
}

/** The event that `onEvent` threw for. */
export interface FailedEvent {
  event: LogEvent
  attempt: number
}

/**
 * After a failure: retry after a pause (the default), continue behind the event as if it were handled, or stop before
 * it.
 */
export type Decision = 'retry' | 'skip' | 'stop'

export interface Handlers {
  onEvent(event: LogEvent, delivery: Delivery): void | Promise<void>
  onError?(error: Error, failed?: FailedEvent): Decision | void | Promise<Decision | undefined> | Promise<void>
}

export type Outcome = 'handled' | { retryInMs: number } | { stop: Error }

export interface Handling {
  /** Never rejects. A record that was handled, or whose handler is still running, is not handed over again. */
  handle(partition: number, record: KafkaMessage): Promise<Outcome>
  /** The partition's log starts anew: new records may have the offsets of handled ones. */
  forget(partition: number): void
  /** Makes `idle` wait for this too. */
  hold(work: Promise<unknown>): void
  /** Resolves when no handler is running. */
  idle(): Promise<void>
  /** Whether the caller runs inside a handler that has not returned. */
  isInside(): boolean
}

interface Surroundings {
  handlers: Handlers
  organizationId: string
  random: Random
  /** See `Delivery.signal`. */
  signal: AbortSignal
}

export function createHandling({ handlers, organizationId, random, signal }: Surroundings): Handling {
  /** Next offset of each partition. */
  const handledTo = new Map<number, bigint>()
  const failures = new Map<number, { offset: bigint; attempts: number }>()
  const running = new Map<number, { offset: bigint; outcome: Promise<Outcome> }>()
  const held = new Set<Promise<unknown>>()
  const inside = new AsyncLocalStorage<{ hasReturned: boolean }>()

  async function attempt(partition: number, offset: bigint, record: KafkaMessage): Promise<Outcome> {
    const event = readable(record, organizationId)
    if (event instanceof Error)
      return { stop: new Error(`Partition ${partition}, offset ${offset}: ${event.message}`, { cause: event }) }
    const failed = failures.get(partition)
    const attempts = failed?.offset === offset ? failed.attempts + 1 : 1
    try {
      await handlers.onEvent(event, { attempt: attempts, signal })
    } catch (thrown) {
      const outcome = await afterFailure(errorOf(thrown), { event, attempt: attempts })
      if (outcome !== 'handled') {
        failures.set(partition, { offset, attempts })
        return outcome
      }
    }
    failures.delete(partition)
    handledTo.set(partition, offset + 1n)
    return 'handled'
  }

  async function afterFailure(error: Error, failed: FailedEvent): Promise<Outcome> {
    const retryInMs = pauseMs(failed.attempt, random)
    // The handler was aborted: the event is repeated after the next start.
    if (signal.aborted) return { retryInMs }
    if (handlers.onError === undefined) {
      const { event, attempt } = failed
      const place = `event ${event.id} (#${event.sequence}), attempt ${attempt}`
      process.emitWarning(
        `onEvent threw for ${place}: ${error.message}. It is called again in ${Math.round(retryInMs)} ms.`,
        'ClarionWarning',
      )
      return { retryInMs }
    }
    try {
      const decision = await handlers.onError(error, failed)
      if (decision === 'skip') return 'handled'
      return decision === 'stop' ? { stop: error } : { retryInMs }
    } catch (thrown) {
      return { stop: errorOf(thrown) }
    }
  }

  return {
    async handle(partition, record) {
      const offset = BigInt(record.offset)
      for (let before = running.get(partition); before; before = running.get(partition)) {
        const outcome = await before.outcome
        if (before.offset === offset) return outcome
      }
      if (offset < (handledTo.get(partition) ?? 0n)) return 'handled'
      const call = { hasReturned: false }
      const outcome = inside
        .run(call, () => attempt(partition, offset, record))
        .finally(() => {
          call.hasReturned = true
          running.delete(partition)
        })
      running.set(partition, { offset, outcome })
      return outcome
    },
    forget: partition => void handledTo.delete(partition),
    hold(work) {
      held.add(work)
      work.finally(() => held.delete(work)).catch(() => undefined)
    },
    async idle() {
      while (running.size + held.size > 0)
        await Promise.allSettled([...held, ...[...running.values()].map(({ outcome }) => outcome)])
    },
    isInside: () => inside.getStore()?.hasReturned === false,
  }
}

function readable(record: KafkaMessage, organizationId: string): LogEvent | Error {
  try {
    return eventOf(record, organizationId)
  } catch (error) {
    return errorOf(error)
  }
}

const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown })
