/**
 * The inputs of a shard: starts and verdicts from `admit`, commands from the API. A record that is newer than this
 * process's view of the control plane waits for the view, with those behind it.
 */
import type { LogRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { type RunInput, runInputCodec, runs as runsTopic, type StepVerdict } from '../../topics/runs.ts'
import { type RunCommand, runCommandCodec, runsCommands } from '../../topics/runs-commands.ts'
import type { RunDependencies } from './dependencies.ts'
import { answerOfVerdict } from './effects/create-event.ts'
import type { Looks } from './looks/looks.ts'
import type { Positions } from './positions.ts'
import type { Responses } from './responses.ts'
import type { RunAnswers } from './run-answers.ts'
import type { Runs } from './runs/runs.ts'
import type { Starts } from './starts.ts'

export interface Inputs {
  start(): void
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  close(): void
}

const INPUTS = [runsTopic.name, runsCommands.name]
/** Then a record is settled by the view as it is. */
const CONTROL_WAIT_MS = 2_000

type Read = { input: RunInput } | { command: RunCommand }

export function createInputs(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'view' | 'clock' | 'logger'>
  positions: Positions
  starts: Starts
  runs: Runs
  responses: Pick<Responses, 'answer'>
  answers: Pick<RunAnswers, 'claim'>
  looks: Pick<Looks, 'look' | 'watch'>
}): Inputs {
  const { handle, positions, starts, runs, responses, answers, looks } = context
  const { view, clock, logger } = context.deps
  /** By topic: the record that has waited for the control view long enough. */
  const hasWaited = new Map<string, number>()
  let isClosed = false

  function read({ topic, offset, value }: LogRecord, isolated: boolean): Read | undefined {
    try {
      return topic === runsTopic.name
        ? { input: runInputCodec.decode(value!) }
        : { command: runCommandCodec.decode(value!) }
    } catch (error) {
      if (!isolated) throw error
      logger.error({ topic, offset, error: String(error) }, 'a record cannot be read; it is passed over')
      return undefined
    }
  }

  function mustWait({ topic, partition, offset }: LogRecord, read: Read, left: number): boolean {
    const wanted = 'command' in read ? read.command.controlOffset : (read.input.start?.controlOffset ?? -1)
    if (wanted <= view.appliedOffset || hasWaited.get(topic) === offset) return false
    handle.pause(topic, partition, left)
    void view.waitFor(wanted, CONTROL_WAIT_MS).then(() => {
      if (isClosed) return
      hasWaited.set(topic, offset)
      handle.resume(topic, partition)
    })
    return true
  }

  function settle(read: Read): void {
    if ('command' in read) command(read.command)
    else if (read.input.start !== null) starts.event(read.input.start, runs)
    else if (read.input.verdict !== null) judged(read.input.verdict)
  }

  function judged(verdict: StepVerdict): void {
    const live = runs.find(verdict.runId)
    const { path, attempt } = verdict
    const nowMs = Math.round(clock.nowMs())
    if (live !== undefined) runs.feed(live, { kind: 'answer', path, attempt, nowMs, ...answerOfVerdict(verdict) })
  }

  function command(given: RunCommand): void {
    if (given.ask !== null) {
      if (given.ask === 'watch') looks.watch(given)
      else looks.look(given, false)
      return
    }
    const { answerTo } = given
    const { isFirst, runId } = answers.claim(given)
    const wasLive = runs.find(runId) !== undefined
    if (given.kind === 'cancel') cancel(given)
    else if (isFirst) starts.command(given, runs)
    if (answerTo?.wants === 'look') looks.look(given, wasLive)
    if (answerTo?.wants === 'taken') responses.answer(answerTo, { kind: 'taken', runId, value: null })
  }

  function cancel({ runId, ...caller }: RunCommand): void {
    const live = runs.find(runId)
    const { organizationId, environment } = live?.facts ?? {}
    if (live === undefined || organizationId !== caller.organizationId || environment !== caller.environment) return
    runs.feed(live, { kind: 'cancel', nowMs: Math.round(clock.nowMs()) })
  }

  return {
    start() {
      for (const topic of INPUTS) handle.assign(topic, handle.shard, positions.from(topic), positions.known(topic))
    },
    receive(records, nextOffset, isolated) {
      for (const [index, record] of records.entries()) {
        const given = read(record, isolated)
        if (given !== undefined && mustWait(record, given, records.length - index)) break
        if (given !== undefined) settle(given)
        positions.advance(record.topic, index === records.length - 1 ? nextOffset : record.offset + 1)
      }
      handle.write([])
      runs.work()
    },
    close() {
      isClosed = true
    },
  }
}
