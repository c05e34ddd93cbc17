/**
 * Calls to `run`, for requests and tools alike: a command is appended to `runs.commands`, and its answer comes back
 * through `responses`, by the process and the number of the call. What is answered has committed, or says so itself.
 */
import { type AnswerTo, type ResponseKind, responsesCodec } from '../../topics/responses.ts'
import { type RunCommand, runCommandCodec, runsCommands } from '../../topics/runs-commands.ts'
import type { Clock } from '../clock.ts'
import { unacknowledged } from '../ingress/unacknowledged.ts'
import type { Appender, LogRecord, OutRecord } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { ControlView } from '../model/control-view.ts'
import { createTickets } from '../process/tickets.ts'
import { createShares } from './shares.ts'

export interface RunAnswer {
  kind: ResponseKind
  /** Empty where the answer is about no run. */
  runId: string
  /** JSON. */
  value: Buffer
}

/** A command, and which facts of it differ from the usual. */
export type GivenCommand = Pick<RunCommand, 'kind' | 'organizationId' | 'environment' | 'runId'> & Partial<RunCommand>

export interface Awaited {
  wants: AnswerTo['wants']
  timeoutMs: number
  /** The caller has hung up. */
  signal?: AbortSignal
}

export interface RunCalls {
  /** Throws `service_unavailable` when the organization has more than its share of calls waiting. */
  check(organizationId: string): void
  /** Throws as `check`, and `service_unavailable` when the command was not acknowledged. Undefined: no answer in time. */
  call(command: GivenCommand, awaited: Awaited): Promise<RunAnswer | undefined>
  /** As `call`, for a command of another topic, in the shard of the organization. */
  ask(organizationId: string, recordOf: RecordOf, awaited: Awaited): Promise<RunAnswer | undefined>
  /** Appends a command whose answer nobody waits for; it counts as waiting until it is taken. Throws as `call`. */
  send(command: GivenCommand): Promise<void>
  /** A record of `responses`; those of other processes are skipped. */
  onRecord(record: LogRecord): void
  /** Calls without an answer. */
  readonly waiting: number
  /** Calls for which no answer came in time. */
  readonly timedOut: number
  close(): void
}

export type RecordOf = (answerTo: AnswerTo) => Pick<OutRecord, 'topic' | 'value'>

/** Calls of a process that may wait together. */
const WAITING_MAX = 10_000
/** Then a command that nobody waits for counts no more, whether or not it was taken. */
const TAKEN_WITHIN_MS = 30_000
/** Clocks of processes differ. */
const SKEW_MS = 1_000

export function createRunCalls(deps: {
  appender: Appender
  view: Pick<ControlView, 'appliedOffset'>
  shards: number
  clock: Clock
  processId: string
  waitingMax?: number
}): RunCalls {
  const { appender, view, shards, clock, processId, waitingMax = WAITING_MAX } = deps
  const key = Buffer.from(processId)
  const tickets = createTickets<RunAnswer>({ clock })
  const shares = createShares(waitingMax, 'calls of runs')

  async function append(organizationId: string, record: ReturnType<RecordOf>, ticket: number): Promise<void> {
    try {
      await appender.append({ ...record, partition: shardOf(organizationId, shards), key: organizationId })
    } catch (error) {
      tickets.forget(ticket)
      throw unacknowledged('The call', error)
    }
  }

  /** Resolves with the promise of the answer, once the command is in the log. */
  async function begin(organizationId: string, recordOf: RecordOf, { wants, timeoutMs, signal }: Awaited) {
    const release = shares.take(organizationId)
    const correlation = tickets.draw()
    const deadlineMs = Math.ceil(clock.nowMs()) + timeoutMs + SKEW_MS
    const giveUp = () => tickets.forget(correlation)
    try {
      await append(organizationId, recordOf({ process: processId, correlation, deadlineMs, wants }), correlation)
    } catch (error) {
      release()
      throw error
    }
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted === true) giveUp()
    const answered = tickets.wait(correlation, timeoutMs).finally(() => {
      signal?.removeEventListener('abort', giveUp)
      release()
    })
    return { answered }
  }

  async function ask(organizationId: string, recordOf: RecordOf, awaited: Awaited): Promise<RunAnswer | undefined> {
    const { answered } = await begin(organizationId, recordOf, awaited)
    const answer = await answered
    return answer === 'pending' ? undefined : answer
  }

  const recordOf =
    (given: GivenCommand): RecordOf =>
    answerTo => ({ topic: runsCommands.name, value: runCommandCodec.encode(commandOf(given, answerTo)) })

  const commandOf = (given: GivenCommand, answerTo: AnswerTo): RunCommand => ({
    ...{ actorId: '', requestId: '', workflowId: '', version: 0, scopes: null, trigger: null, retryOf: null },
    ...{ options: null, callKey: null, ask: null },
    ...{ controlOffset: view.appliedOffset, answerTo },
    ...given,
  })

  return {
    check: shares.check,
    ask,
    call: (command, awaited) => ask(command.organizationId, recordOf(command), awaited),
    async send(command) {
      await begin(command.organizationId, recordOf(command), { wants: 'taken', timeoutMs: TAKEN_WITHIN_MS })
    },
    onRecord(record) {
      if (record.key === null || record.value === null || !record.key.equals(key)) return
      // Watches have numbers of their own.
      for (const { correlation, ...answer } of responsesCodec.decode(record.value).responses)
        if (answer.kind !== 'watched') tickets.answer(correlation, answer)
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
