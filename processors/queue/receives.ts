/**
 * Receives, in the order in which they came. One waits until there is something for it, until its time is up, or, if
 * it does not want to wait, until the log has been looked at.
 */
import type { Clock, Timer } from '../../src/clock.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import type { Logger } from '../../src/logger.ts'
import type { HandedOut, ReceiveAnswer, ReceiveBody } from '../../src/queues/calls.ts'
import type { Candidate, Message } from '../../src/queues/message.ts'
import { UNSETTLED_MAX } from '../../src/queues/queue.ts'
import type { Settled } from '../../src/queues/rules.ts'
import type { Ahead } from './ahead.ts'
import type { Answers, Asker } from './answers.ts'
import type { OpenQueue } from './open-queue.ts'
import type { QueueReplays } from './replays.ts'
import type { Waiting } from './waiting.ts'

export interface Receives {
  begin(at: OpenQueue, asker: Asker, body: ReceiveBody, results: Settled[]): void
  /** The caller has gone: nothing is handed out to it, and what was comes back. */
  forget(at: OpenQueue, asker: Pick<Asker, 'process' | 'correlation'>): void
  /** Hands out what there is to those who wait at this queue. */
  serve(at: OpenQueue): void
  /** The queue is gone. */
  end(at: OpenQueue, code: 'not_found' | 'queue_inactive', message: string): void
  close(): void
}

/** Receives whose callers may still say that they have gone. */
const REMEMBERED_MAX = 10_000

export function createReceives(context: {
  clock: Clock
  logger: Logger
  answers: Answers
  onHandedOut: (count: number) => void
  replays: Pick<QueueReplays, 'next'>
  /** Runs what begins outside a call of the runtime: its failure ends the session. */
  guarded: (act: () => void) => void
}): Receives {
  const { clock, logger, answers, onHandedOut, guarded, replays } = context
  /** Queues that got the newest of their candidates from the log. */
  const hadLive = new WeakSet<OpenQueue>()
  /** Queues at which somebody waits. */
  const waitedAt = new Set<OpenQueue>()
  /** The groups of the newest receives, by caller. */
  const handedTo = new Map<string, number>()
  let timer: Timer | undefined
  let isClosed = false

  const nowMs = () => Math.round(clock.nowMs())

  function serve(at: OpenQueue): void {
    if (isClosed) return
    for (const waiting of [...at.waiting]) if (!attempt(at, waiting)) break
    if (at.waiting.size === 0) waitedAt.delete(at)
    else waitedAt.add(at)
    wantMore(at)
    arm()
  }

  /** False: there is nothing for it now, so there is nothing for those behind it. */
  function attempt(at: OpenQueue, waiting: Waiting): boolean {
    const ahead = at.awake()
    const { max, perSubject, leaseMs = at.record().visibilityTimeoutSeconds * 1_000 } = waiting.body
    const taken = at.queue.take({ max, perSubject, leaseMs, nowMs: nowMs() }, () => nextOf(at, ahead))
    if (taken.length > 0) {
      const group = taken[0]!.group
      remember(waiting.asker, group)
      onHandedOut(taken.length)
      answer(at, waiting, taken)
      return true
    }
    if (at.queue.isFull()) {
      at.waiting.delete(waiting)
      answers.refuse(waiting.asker, 'in_flight_limit', fullMessage(at))
      return true
    }
    if (!waiting.hasLooked || clock.monotonicMs() < waiting.untilMs) return false
    answer(at, waiting, [])
    return true
  }

  /** The log and replays take turns. */
  function nextOf(at: OpenQueue, ahead: Ahead): Candidate | undefined {
    if (!hadLive.has(at)) {
      hadLive.add(at)
      return ahead.next() ?? replayedTo(at)
    }
    const found = replayedTo(at)
    if (found !== undefined) hadLive.delete(at)
    return found ?? ahead.next()
  }

  function replayedTo(at: OpenQueue): Candidate | undefined {
    const found = replays.next(at.id)
    if (found === undefined) return undefined
    const { replayId, place, ...candidate } = found
    return { ...candidate, place: { origin: at.originOf(replayId), ...place } }
  }

  function answer(at: OpenQueue, waiting: Waiting, taken: readonly Message[]): void {
    at.waiting.delete(waiting)
    const given: ReceiveAnswer = {
      messages: taken.map(each => handedOut(each, at)),
      results: waiting.results,
    }
    answers.answer(waiting.asker, given, arriving(at, taken))
  }

  function remember({ process, correlation }: Asker, group: number): void {
    handedTo.set(`${process}/${correlation}`, group)
    if (handedTo.size <= REMEMBERED_MAX) return
    const [oldest] = handedTo.keys()
    handedTo.delete(oldest!)
  }

  /** Reads on where somebody waits, and where little is at hand. */
  function wantMore(at: OpenQueue): void {
    if (!at.isAwake) return
    const ahead = at.awake()
    const isWaited = [...at.waiting].some(({ hasLooked }) => !hasLooked || !ahead.isAtEnd)
    if (!isWaited && !ahead.isLow) return
    const lookers = [...at.waiting]
    ahead.look().then(
      () => guarded(() => looked(at, lookers)),
      error => guarded(() => cannotRead(at, lookers, error)),
    )
  }

  function looked(at: OpenQueue, lookers: readonly Waiting[]): void {
    for (const each of lookers) each.hasLooked = true
    if (at.waiting.size > 0) serve(at)
  }

  function cannotRead(at: OpenQueue, lookers: readonly Waiting[], error: unknown): void {
    if (isClosed) return
    logger.warn({ queueId: at.id, error: String(error) }, 'the log of a queue cannot be read')
    for (const waiting of lookers) {
      if (!at.waiting.delete(waiting)) continue
      answers.refuse(waiting.asker, 'service_unavailable', 'The log cannot be read now: repeat the call.')
    }
    if (at.waiting.size === 0) waitedAt.delete(at)
  }

  /** One timer: for the next wait that ends, and the next message that is due where somebody waits. */
  function arm(): void {
    timer?.cancel()
    timer = undefined
    if (isClosed) return
    let inMs = Number.POSITIVE_INFINITY
    for (const at of waitedAt) {
      for (const { untilMs } of at.waiting) inMs = Math.min(inMs, untilMs - clock.monotonicMs())
      const dueMs = at.queue.nextDueMs()
      if (dueMs !== undefined) inMs = Math.min(inMs, dueMs - clock.nowMs())
    }
    if (inMs === Number.POSITIVE_INFINITY) return
    timer = clock.after(Math.max(1, Math.ceil(inMs)), () => {
      guarded(() => {
        for (const at of [...waitedAt]) serve(at)
      })
    })
  }

  return {
    begin(at, asker, body, results) {
      // At the end of the log, one that waits is woken by what is new.
      const hasLooked = body.waitMs > 0 && at.awake().isAtEnd
      at.waiting.add({ asker, body, results, untilMs: clock.monotonicMs() + body.waitMs, hasLooked })
      serve(at)
    },
    forget(at, { process, correlation }) {
      for (const waiting of at.waiting)
        if (waiting.asker.process === process && waiting.asker.correlation === correlation) at.waiting.delete(waiting)
      const group = handedTo.get(`${process}/${correlation}`)
      if (group !== undefined) at.queue.giveBack(group, nowMs())
      serve(at)
    },
    serve,
    end(at, code, message) {
      for (const { asker } of at.waiting) answers.refuse(asker, code, message)
      at.waiting.clear()
      waitedAt.delete(at)
    },
    close() {
      isClosed = true
      timer?.cancel()
    },
  }
}

/** Read by the tail just now. */
function arriving(at: OpenQueue, taken: readonly Message[]): LogRecord[] {
  if (!at.isAwake) return []
  const ahead = at.awake()
  return taken.flatMap(message => (message.origin === 0 ? (ahead.arriving(message) ?? []) : []))
}

const fullMessage = ({ messages }: OpenQueue): string =>
  messages.unsettled >= UNSETTLED_MAX
    ? 'The queue has 20,000 messages that are not settled: settle some of them first.'
    : 'The queues of the organization have 200,000 messages that are not settled: settle some of them first.'

function handedOut(message: Message, { queue: { purge }, replayOf }: OpenQueue): HandedOut {
  const { origin, partition, offset, eventId, group, receiveCount, firstReceivedAtMs, dueAtMs, deadFrom } = message
  return {
    ...{ origin, partition, offset, eventId, group, purge, receiveCount, firstReceivedAtMs },
    ...{ visibleAtMs: dueAtMs, deadFrom, replayId: replayOf(origin) },
  }
}
