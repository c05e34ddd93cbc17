/** Reads the organization's own log, `events.<org>`: accepted events, in order for each subject. */
import { LONGEST_AWAY_MS, pauseMs } from '../backoff.ts'
import { type Clock, type Random, sleep, systemClock, systemRandom } from '../clock.ts'
import { type Access, accessOf } from './access.ts'
import { createHandling, type Decision, type Delivery, type FailedEvent } from './handling.ts'
import { isRefusal, isTransient } from './kafka-errors.ts'
import type { LogEvent } from './log-event.ts'
import { openSession, type Session } from './session.ts'

export type ConsumeOptions = Access & {
  /**
   * Name of the consumer group, without the prefix of the credential. Its members share the log and continue where it
   * stopped.
   */
  group: string
  /**
   * Start of a new group: the oldest event that is kept, or (by default) the next one. The position is committed at
   * once.
   */
  fromBeginning?: boolean
  clientId?: string
  /**
   * The next event of a partition waits until this resolves; other partitions continue. When it throws, `onError`
   * decides.
   */
  onEvent(event: LogEvent, delivery: Delivery): void | Promise<void>
  /**
   * `onEvent` threw for `failed`: `retry` (the default: it is called again after 250 ms, doubled each time up to 30 s),
   * `skip` or `stop`. Throwing stops too. Without `failed` the consumer has ended and does not start again. Without
   * `onError` failures are process warnings.
   */
  onError?(error: Error, failed?: FailedEvent): Decision | void | Promise<Decision | undefined> | Promise<void>
  /** The brokers are away; reading continues as soon as they are back. Called after each failed attempt. */
  onDisconnect?(error: Error, retryInMs: number): void
  /**
   * The log no longer contains the group's position in this partition; reading continues with the oldest event that is
   * kept.
   */
  onReset?(partition: number): void
  /** Longest wait of `close()` for handlers before it aborts their signal. Default 10,000. */
  closeTimeoutMs?: number
  /** Aborting it is the same as `close()`. */
  signal?: AbortSignal
  clock?: Clock
  random?: Random
}

export interface Consumption {
  /**
   * Takes no further event, waits for running handlers, commits their events and leaves the group. Never rejects.
   * Called by a handler it resolves at once, since it cannot wait for its own caller; `ended` resolves when it is done.
   */
  close(): Promise<void>
  /** Resolves after `close()`; rejects when the consumer ends for another reason. */
  ended: Promise<void>
}

const CLOSE_TIMEOUT_MS = 10_000
/** For leaving the group, which takes long only when the brokers are away. */
const LEAVE_TIMEOUT_MS = 2_000
/** Starting brokers may refuse a credential that they have not loaded yet. */
const REFUSALS_MAX = 8
const TRANSIENT_MAX = 8
/** A session of this length counts as successful. */
const STEADY_MS = 30_000

/**
 * Resolves when it reads: this member or another of its group sees every event accepted from then on. Only committed
 * records are read.
 */
export async function consume(options: ConsumeOptions): Promise<Consumption> {
  const { clock = systemClock, random = systemRandom, closeTimeoutMs = CLOSE_TIMEOUT_MS, signal } = options
  signal?.throwIfAborted()
  const access = accessOf(options)
  const closing = new AbortController()
  const abandoned = new AbortController()
  const organizationId = access.topics.events.replace(/^events\./, '')
  const handling = createHandling({ handlers: options, organizationId, random, signal: abandoned.signal })
  const open = (startFromBeginning: boolean | undefined, formerMember?: string): Promise<Session> =>
    openSession({
      access,
      clientId: options.clientId ?? 'clarion-sdk',
      groupId: (access.groupPrefix ?? '') + options.group,
      startFromBeginning,
      formerMember,
      handling,
      clock,
      isClosing: () => closing.signal.aborted,
      abandoned: abandoned.signal,
      onStop: error => void end(error),
      onReset: partition => options.onReset?.(partition),
    })
  let current: Promise<Session>
  let ending: Promise<void> | undefined
  let settle: (error?: Error) => void = () => undefined
  const ended = new Promise<void>((resolve, reject) => {
    settle = error => (error === undefined ? resolve() : reject(error))
  })
  ended.catch(() => undefined)

  /** Opens the first session: temporary errors are retried, all others thrown. */
  async function begin(): Promise<Session> {
    for (let failures = 1; ; failures++) {
      try {
        return await open(options.fromBeginning ?? false)
      } catch (error) {
        if (!isTransient(error) || failures === TRANSIENT_MAX || closing.signal.aborted) throw error
        await sleep(clock, pauseMs(failures, random), closing.signal)
      }
    }
  }

  /** Opens one session after the other. Throws when the credential is finally refused. */
  async function goOn(): Promise<void> {
    let [failures, refusals, sinceMs] = [0, 0, clock.nowMs()]
    let member: string | undefined
    for (;;) {
      member = await current.then(({ memberId }) => memberId).catch(() => member)
      const error = await current.then(session => session.crashed).catch((thrown: Error) => thrown)
      if (closing.signal.aborted) return
      if (clock.nowMs() - sinceMs > STEADY_MS) failures = 0
      refusals = isRefusal(error) ? refusals + 1 : 0
      if (refusals > REFUSALS_MAX) throw error
      const retryInMs = pauseMs(++failures, random, LONGEST_AWAY_MS)
      options.onDisconnect?.(error, retryInMs)
      await sleep(clock, retryInMs, closing.signal)
      sinceMs = clock.nowMs()
      current = open(undefined, member)
    }
  }

  function end(error?: Error): Promise<void> {
    ending ??= finish(error)
    return ending
  }

  async function finish(error?: Error): Promise<void> {
    closing.abort()
    signal?.removeEventListener('abort', close)
    if (!(await within(clock, closeTimeoutMs, handling.idle()))) abandoned.abort(new Error('The consumer is closed.'))
    await within(
      clock,
      LEAVE_TIMEOUT_MS,
      current.then(session => session.close()).catch(() => undefined),
    )
    abandoned.abort(new Error('The consumer is closed.'))
    settle(error)
    if (error) await report(options, error)
  }

  function close(): Promise<void> {
    const done = end()
    return handling.isInside() ? Promise.resolve() : done
  }

  current = begin()
  const aborted = new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
  )
  aborted.catch(() => undefined)
  signal?.addEventListener('abort', close, { once: true })
  try {
    await Promise.race([current, aborted])
  } catch (error) {
    signal?.removeEventListener('abort', close)
    void end()
    throw error
  }
  goOn().catch(error => void end(closing.signal.aborted ? undefined : error))
  return { close, ended }
}

async function report({ onError }: ConsumeOptions, error: Error): Promise<void> {
  if (!onError) return process.emitWarning(`The consumer has ended: ${error.message}`, 'ClarionWarning')
  try {
    await onError(error)
  } catch (thrown) {
    process.emitWarning(`onError threw: ${String(thrown)}`, 'ClarionWarning')
  }
}

/** Whether the work finished in time; otherwise it continues in the background. */
async function within(clock: Clock, delayMs: number, work: Promise<unknown>): Promise<boolean> {
  let cancel: () => void = () => undefined
  const late = new Promise<false>(resolve => {
    const timer = clock.after(delayMs, () => resolve(false))
    cancel = () => timer.cancel()
  })
  return Promise.race([work.then(() => true), late]).finally(cancel)
}
