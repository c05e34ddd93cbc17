/**
 * Looks at runs and watches of them, from the memory of their owner. They are answered in a transaction, behind
 * everything that it commits, so what they show has committed. A watch lasts until its lease is over: the process that
 * watches renews it, and one that is gone costs nothing for longer than that.
 */
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { LookedRun, LookQuestion, WatchedSteps } from '../../../src/run-calls/looked.ts'
import type { RunRow, StepRow } from '../../../topics/audit-runs.ts'
import type { AnswerTo } from '../../../topics/responses.ts'
import type { RunCommand } from '../../../topics/runs-commands.ts'
import type { LiveRun } from '../live-run.ts'
import { liveRow } from '../outputs.ts'
import type { Programs } from '../programs.ts'
import type { Responses } from '../responses.ts'
import { bytesOfStep, type RecentRuns } from './recent-runs.ts'

export interface Looks {
  /** `wasLive`: before the command that it belongs to. */
  look(command: RunCommand, wasLive: boolean): void
  watch(command: RunCommand): void
  /** Fills the answers of the transaction; everything else of it has been sealed. */
  seal(): void
}

interface Watch {
  command: RunCommand
  to: AnswerTo
  /** Number of the last step that was sent. */
  after: number
  /** What the last answer said of the run itself. */
  said: string
}

const LISTED_MAX = 200
const ANSWER_BYTES_MAX = 4 * 1024 * 1024
const PART_BYTES_MAX = 512 * 1024
const WATCHES_MAX = 10_000

export function createLooks(context: {
  handle: Pick<ShardHandle, 'write'>
  clock: { nowMs(): number }
  responses: Responses
  recent: RecentRuns
  programs: Programs
  runs: { find(runId: string): LiveRun | undefined; live(): Iterable<LiveRun> }
}): Looks {
  const { handle, clock, responses, recent, programs, runs } = context
  const watches = new Map<string, Watch>()
  let looks: Array<{ command: RunCommand; wasLive: boolean }> = []

  /** The run of this organization and environment. */
  function rowOf({ runId, organizationId, environment }: RunCommand): RunRow | undefined {
    const live = runs.find(runId)
    const row = live === undefined ? recent.endOf(runId) : liveRow(live)
    return row?.organizationId === organizationId && row.environment === environment ? row : undefined
  }

  /** The newest that an answer has room for. */
  function looked(command: RunCommand, wasLive: boolean): LookedRun {
    const run = rowOf(command)
    if (run === undefined) return { run: null, steps: [], after: 0, wasLive: false }
    const known = recent.stepsOf(command.runId) ?? []
    const steps = newestOf(known, ANSWER_BYTES_MAX)
    return { run, steps, after: (steps[0]?.number ?? run.steps + 1) - 1, wasLive }
  }

  function answerOf(command: RunCommand, wasLive: boolean): unknown {
    const question = JSON.parse(command.options ?? '{}') as LookQuestion
    if (question.about === 'runs') return listed(command, question.workflowId)
    return question.about === 'names' ? namesRead(command) : looked(command, wasLive)
  }

  /** Newest first, without what they were started with. */
  function listed({ organizationId, environment }: RunCommand, workflowId: string | undefined): RunRow[] {
    const isOwn = (row: Pick<RunRow, 'organizationId' | 'environment' | 'workflowId'>) =>
      row.organizationId === organizationId &&
      row.environment === environment &&
      (workflowId === undefined || row.workflowId === workflowId)
    const live = [...runs.live()]
      .filter(({ brief }) => isOwn(brief))
      .sort((one, other) => newestFirst(one.brief, other.brief))
    const rows = [...live.slice(0, LISTED_MAX).map(liveRow), ...[...recent.ends()].filter(isOwn)]
    return rows
      .sort(newestFirst)
      .slice(0, LISTED_MAX)
      .map(row => ({ ...row, scopes: '{}', output: null, warnings: '[]' }))
  }

  /** Of variables and secrets, by runs that have not ended. */
  function namesRead({ organizationId, environment }: RunCommand): string[] {
    const names = new Set<string>()
    for (const live of runs.live()) {
      const { brief } = live
      if (brief.organizationId !== organizationId || brief.environment !== environment) continue
      // A debug run brings its definition.
      const options = brief.mode === 'debug' ? live.facts.options : null
      for (const name of programs.of({ ...brief, options })?.env ?? []) names.add(name)
    }
    return [...names].sort()
  }

  function report(key: string, watch: Watch): void {
    if (clock.nowMs() > watch.to.deadlineMs) {
      watches.delete(key)
      return
    }
    const run = rowOf(watch.command) ?? null
    const hasEnded = run === null || run.step === 1
    const steps = (recent.stepsOf(watch.command.runId) ?? []).filter(({ number }) => number > watch.after)
    const said = run === null ? 'gone' : `${run.status}/${run.steps}`
    if (steps.length === 0 && said === watch.said) return
    send(watch, run, steps)
    watch.said = said
    if (hasEnded) watches.delete(key)
  }

  /** In parts, the run with the last of them. */
  function send(watch: Watch, run: RunRow | null, steps: readonly StepRow[]): void {
    const parts = partsOf(steps)
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1
      const value: WatchedSteps = { run: isLast ? run : null, isKnown: run !== null, steps: part, after: watch.after }
      responses.fill(watch.to, { kind: 'watched', runId: watch.command.runId, value })
      watch.after = part.at(-1)?.number ?? watch.after
    }
  }

  return {
    look(command, wasLive) {
      if (command.answerTo === null) return
      looks.push({ command: askedOf(command), wasLive })
      handle.write([], true)
    },
    watch(given) {
      const command = askedOf(given)
      const { answerTo: to, options } = command
      if (to === null) return
      const key = `${to.process}/${to.correlation}`
      const { after = 0 } = JSON.parse(options ?? '{}') as LookQuestion
      if (!watches.has(key) && watches.size >= WATCHES_MAX) return
      watches.set(key, { command, to, after, said: '' })
      handle.write([], true)
    },
    seal() {
      for (const { command, wasLive } of looks) {
        const value = answerOf(command, wasLive)
        responses.fill(command.answerTo!, { kind: 'looked', runId: command.runId, value })
      }
      looks = []
      for (const [key, watch] of watches) report(key, watch)
    },
  }
}

const newestFirst = (one: Newer, other: Newer): number =>
  other.startedAtMs - one.startedAtMs || (one.runId < other.runId ? 1 : -1)

type Newer = Pick<RunRow, 'startedAtMs' | 'runId'>

function partsOf(steps: readonly StepRow[]): StepRow[][] {
  const parts: StepRow[][] = [[]]
  let bytes = 0
  for (const step of steps) {
    const size = bytesOfStep(step)
    if (bytes > 0 && bytes + size > PART_BYTES_MAX) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)!.push(step)
    bytes += size
  }
  return parts
}

/** With the run that it asks about. */
function askedOf(command: RunCommand): RunCommand {
  const { runId = command.runId } = JSON.parse(command.options ?? '{}') as LookQuestion
  return { ...command, runId }
}

function newestOf(steps: readonly StepRow[], bytesMax: number): StepRow[] {
  let bytes = 0
  const tooMany = steps.findLastIndex(step => {
    bytes += bytesOfStep(step)
    return bytes > bytesMax
  })
  return steps.slice(tooMany + 1)
}
