/**
 * Calls of queues: a command is appended to `queues.commands`, and its answer comes back through `queues.state`, by
 * the process and the number of the call. An answered call has committed. When a shard has a new owner, the calls that
 * the former one left unanswered are sent again, under their own numbers.
 */
import { type QueueCall, type QueueCommand, queueCommandCodec, queuesCommands } from '../../topics/queues-commands.ts'
import {
  ANSWERS_TO,
  type CarriedEvent,
  type QueueAnswer,
  queueAnswersCodec,
  queueStateKeys,
  TO_ALL,
} from '../../topics/queues-state.ts'
import type { Clock } from '../clock.ts'
import { unacknowledged } from '../ingress/unacknowledged.ts'
import type { Appender, LogRecord } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { Logger } from '../logger.ts'
import { ClarionError, type Code } from '../model/codes.ts'
import type { ControlView } from '../model/control-view.ts'
import { createTickets } from '../process/tickets.ts'
import type { QueueName } from '../queues/receipts.ts'
import { createShares } from '../run-calls/shares.ts'
import { createHandovers, type Sent } from './handovers.ts'

/** What an answer may have besides: events of its messages. */
export interface Carrying {
  events?: CarriedEvent[]
}

export interface QueueCalls {
  /**
   * The answer. Throws what the queue refuses with, and `service_unavailable` when the call was not acknowledged, not
   * answered in time, or the organization has more than its share of calls waiting. `waitMs`: how long the answer may
   * take by the call's own wish.
   */
  call<T>(queue: QueueName, call: QueueCall, body: object, how?: { waitMs?: number; signal?: AbortSignal }): Promise<T>
  /** A record of `queues.state`; state, and answers to other processes, are skipped. */
  onRecord(record: LogRecord): void
  /** Calls without an answer. */
  readonly waiting: number
  /** Calls for which no answer came in time. */
  readonly timedOut: number
  close(): void
}

/** Calls of a process that may wait together. */
const WAITING_MAX = 10_000
/** An answer is due by then, beyond what the call itself waits. */
const ANSWER_WITHIN_MS = 10_000
const RETRY_AFTER_S = 1
const ANSWERS = Buffer.from(queueStateKeys.answers)
const ALL = Buffer.from(TO_ALL)

type Answered = Pick<QueueAnswer, 'code' | 'value' | 'events'>

export function createQueueCalls(deps: {
  appender: Appender
  view: Pick<ControlView, 'appliedOffset'>
  shards: number
  clock: Clock
  logger: Logger
  processId: string
  observe?: (call: string, result: 'ok' | 'refused' | 'unanswered', seconds: number) => void
}): QueueCalls {
  const { appender, view, shards, clock, logger, processId } = deps
  const own = Buffer.from(processId)
  const tickets = createTickets<Answered>({ clock })
  const shares = createShares(WAITING_MAX, 'calls of queues')
  const handovers = createHandovers()

  const append = (command: QueueCommand) =>
    appender.append({
      ...{ topic: queuesCommands.name, partition: shardOf(command.organizationId, shards), key: command.queueId },
      value: queueCommandCodec.encode(command),
    })

  const commandOf = ({ queueId, ...owner }: QueueName, call: QueueCall, body: object, to: To): QueueCommand => ({
    ...{ call, ...owner, queueId, process: processId, ...to, controlOffset: view.appliedOffset },
    body: Buffer.from(JSON.stringify(body)),
  })

  /** Messages that are handed out all the same come back. */
  function forget(queue: QueueName, correlation: number): void {
    const to = { correlation: 0, deadlineMs: 0 }
    append(commandOf(queue, 'forget', { correlation }, to)).catch(error =>
      logger.warn({ error: String(error) }, 'a receive could not be taken back; its messages come again by themselves'),
    )
  }

  /** Sends the call, and again whenever its shard is handed over, until it is answered or `done`. */
  async function send(asked: Asked): Promise<Sent> {
    const { queue, call, correlation, deadlineMs } = asked
    const shard = shardOf(queue.organizationId, shards)
    const before = handovers.count(shard)
    const { offset } = await append(commandOf(queue, call, bodyNow(asked), { correlation, deadlineMs }))
    let sent: Sent | undefined
    let isDone = false
    sent = handovers.sent(shard, offset, before, () => {
      send(asked).then(
        next => {
          sent = next
          if (isDone) next.done()
        },
        () => tickets.forget(correlation),
      )
    })
    return {
      done() {
        isDone = true
        sent?.done()
      },
    }
  }

  /** One that waits does so for what is left of its time. */
  function bodyNow({ call, body, untilMs }: Asked): object {
    if (call !== 'receive') return body
    return { ...body, waitMs: Math.max(0, Math.round(untilMs - clock.monotonicMs())) }
  }

  async function answered(queue: QueueName, call: QueueCall, body: object, waitMs: number, signal?: AbortSignal) {
    const timeoutMs = waitMs + ANSWER_WITHIN_MS
    const correlation = tickets.draw()
    const deadlineMs = Math.ceil(clock.nowMs()) + timeoutMs
    const giveUp = () => tickets.forget(correlation)
    const asked = { queue, call, body, correlation, deadlineMs, untilMs: clock.monotonicMs() + waitMs }
    let sent: Sent
    try {
      sent = await send(asked)
    } catch (error) {
      giveUp()
      throw unacknowledged('The call', error)
    }
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted === true) giveUp()
    const answer = await tickets.wait(correlation, timeoutMs)
    sent.done()
    signal?.removeEventListener('abort', giveUp)
    if (answer === 'pending' && call === 'receive') forget(queue, correlation)
    return answer
  }

  return {
    async call(queue, call, body, { waitMs = 0, signal } = {}) {
      const release = shares.take(queue.organizationId)
      const startedAtMs = clock.monotonicMs()
      const answer = await answered(queue, call, body, waitMs, signal).finally(release)
      const result = answer === 'pending' ? 'unanswered' : answer.code === null ? 'ok' : 'refused'
      if (signal?.aborted !== true)
        deps.observe?.(waitMs > 0 ? `${call}-waiting` : call, result, (clock.monotonicMs() - startedAtMs) / 1000)
      if (answer === 'pending') throw unanswered()
      const value = JSON.parse(answer.value.toString())
      if (answer.code === null) return answer.events.length === 0 ? value : { ...value, events: answer.events }
      const retry = answer.code === 'service_unavailable' ? { retryAfterS: RETRY_AFTER_S } : {}
      throw new ClarionError(answer.code as Code, value, retry)
    },
    onRecord(record) {
      if (record.value === null || !record.key?.equals(ANSWERS)) return
      const to = record.headers[ANSWERS_TO]
      if (to?.equals(ALL)) handovers.handedOver(record.partition, queueAnswersCodec.decode(record.value).handedOverFrom)
      if (!to?.equals(own)) return
      for (const { correlation, ...answer } of queueAnswersCodec.decode(record.value).answers)
        tickets.answer(correlation, answer)
    },
    get waiting() {
      return tickets.open
    },
    get timedOut() {
      return tickets.timedOut
    },
    close: tickets.close,
  }
}

interface Asked {
  queue: QueueName
  call: QueueCall
  body: object
  correlation: number
  deadlineMs: number
  /** Monotonic: how long the call itself waits. */
  untilMs: number
}

type To = Pick<QueueCommand, 'correlation' | 'deadlineMs'>

const unanswered = () =>
  new ClarionError(
    'service_unavailable',
    'The role queue does not answer now: repeat the call. In a cluster, some process must have this role.',
    { retryAfterS: RETRY_AFTER_S },
  )
