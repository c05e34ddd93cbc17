/** Watches of runs: leases that are renewed while somebody listens. A new owner answers the next renewal with the rest. */
import { type AnswerTo, type ResponseRow, responsesCodec } from '../../topics/responses.ts'
import { type RunCommand, runCommandCodec, runsCommands } from '../../topics/runs-commands.ts'
import type { Clock } from '../clock.ts'
import type { Appender, LogRecord } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Owner } from '../model/environments.ts'
import type { WatchedSteps } from './looked.ts'

export interface RunWatch {
  close(): void
}

export interface RunWatches {
  /** `after`: the number of the last step that is known. `onSteps` may be called once more behind `close`. */
  watch(owner: Owner, runId: string, after: number, onSteps: (steps: WatchedSteps) => void): RunWatch
  /** A record of `responses`; those of other processes are skipped. */
  onRecord(record: LogRecord): void
  /** Watches of an organization in this process. */
  count(organizationId: string): number
  close(): void
}

const LEASE_MS = 30_000
const RENEW_MS = 10_000

interface Open {
  owner: Owner
  runId: string
  after: number
  onSteps(steps: WatchedSteps): void
}

export function createRunWatches(deps: {
  appender: Appender
  view: Pick<ControlView, 'appliedOffset'>
  shards: number
  clock: Clock
  processId: string
}): RunWatches {
  const { appender, view, shards, clock, processId } = deps
  const key = Buffer.from(processId)
  const open = new Map<number, Open>()
  let last = 0
  let timer = clock.after(RENEW_MS, renewAll)

  function renewAll(): void {
    for (const [correlation, watch] of open) renew(correlation, watch)
    timer = clock.after(RENEW_MS, renewAll)
  }

  function renew(correlation: number, { owner, runId, after }: Open): void {
    const { organizationId, environment } = owner
    const deadlineMs = Math.ceil(clock.nowMs()) + LEASE_MS
    const answerTo: AnswerTo = { process: processId, correlation, deadlineMs, wants: 'watch' }
    const command: RunCommand = {
      ...{ kind: 'cancel', ask: 'watch', organizationId, environment, runId: '', actorId: '', requestId: '' },
      ...{ workflowId: '', version: 0, scopes: null, trigger: null, retryOf: null, callKey: null, answerTo },
      options: JSON.stringify({ runId, after }),
      controlOffset: view.appliedOffset,
    }
    const partition = shardOf(organizationId, shards)
    const value = runCommandCodec.encode(command)
    // The next renewal is soon enough.
    appender.append({ topic: runsCommands.name, partition, key: organizationId, value }).catch(() => undefined)
  }

  function take({ correlation, value }: ResponseRow): void {
    const watch = open.get(correlation)
    if (watch === undefined) return
    const steps = JSON.parse(value.toString()) as WatchedSteps
    // A renewal that crossed an answer is answered with steps that have been seen.
    const fresh = steps.steps.filter(({ number }) => number > watch.after)
    watch.after = fresh.at(-1)?.number ?? watch.after
    watch.onSteps({ ...steps, steps: fresh })
  }

  return {
    watch(owner, runId, after, onSteps) {
      const correlation = ++last
      const watch = { owner, runId, after, onSteps }
      open.set(correlation, watch)
      renew(correlation, watch)
      return { close: () => void open.delete(correlation) }
    },
    onRecord(record) {
      if (open.size === 0 || record.key === null || record.value === null || !record.key.equals(key)) return
      for (const row of responsesCodec.decode(record.value).responses) if (row.kind === 'watched') take(row)
    },
    count: organizationId => [...open.values()].filter(({ owner }) => owner.organizationId === organizationId).length,
    close() {
      timer.cancel()
      open.clear()
    },
  }
}
