/**
 * A run as Server-Sent Events: each step as it commits, under its number, then `end`. `Last-Event-ID` goes on behind a
 * step. What the owner of the run does not know any more comes from the history.
 */
import { PassThrough } from 'node:stream'
import type { Reads } from '../../analytics/read/reads.ts'
import type { StoredRun, StoredStep } from '../../analytics/read/run-reads.ts'
import type { Clock, Timer } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import type { WatchedSteps } from '../../run-calls/looked.ts'
import type { RunWatch, RunWatches } from '../../run-calls/run-watches.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { storedRun, storedStep } from './answered-run.ts'
import type { FindRun } from './find-run.ts'
import { presentEnded, presentStep } from './presenter.ts'

export interface RunStreams {
  open(call: Call): Promise<Answer>
  /** Ends all, before the process stops listening. */
  drain(): void
}

const PER_ORGANIZATION_MAX = 100
const UNSENT_BYTES_MAX = 2 * 1024 * 1024
const HEARTBEAT_MS = 15_000
const RETRY_MS = 1_000

interface Open {
  owner: Owner
  out: PassThrough
  /** Number of the last step that was written. */
  after: number
  watch: RunWatch | undefined
}

export function createRunStreams(deps: {
  reads: Pick<Reads, 'stepsOf'>
  findRun: FindRun
  runWatches: RunWatches
  clock: Clock
}): RunStreams {
  const { reads, findRun, runWatches, clock } = deps
  const open = new Set<Open>()
  let timer: Timer | undefined

  function beat(): void {
    timer = undefined
    for (const { out } of open) out.write(':\n\n')
    if (open.size > 0) timer = clock.after(HEARTBEAT_MS, beat)
  }

  function write(stream: Open, frame: string): void {
    stream.out.write(frame)
    // The reader comes back with the number of its last step.
    if (stream.out.writableLength + stream.out.readableLength > UNSENT_BYTES_MAX) stream.out.destroy()
  }

  function writeSteps(stream: Open, steps: readonly StoredStep[]): void {
    for (const step of steps) {
      if (step.number <= stream.after) continue
      stream.after = step.number
      write(stream, `id: ${step.number}\nevent: step\ndata: ${JSON.stringify(presentStep(step))}\n\n`)
    }
  }

  function writeRun(stream: Open, run: StoredRun): void {
    const hasEnded = run.finishedAt !== null
    write(stream, `event: ${hasEnded ? 'end' : 'run'}\ndata: ${JSON.stringify(presentEnded(run, stream.owner))}\n\n`)
    if (hasEnded) finish(stream)
  }

  function finish(stream: Open): void {
    stream.watch?.close()
    open.delete(stream)
    stream.out.end()
  }

  /** From the owner; steps before its own are read from the history. */
  async function take(stream: Open, runId: string, { run, isKnown, steps }: WatchedSteps): Promise<void> {
    if (!isKnown) return fromHistory(stream, runId)
    const first = steps[0]?.number ?? (run?.steps ?? stream.after) + 1
    if (first > stream.after + 1) await fillGap(stream, runId)
    writeSteps(stream, steps.map(storedStep))
    if (run !== null) writeRun(stream, storedRun(run))
  }

  async function fillGap(stream: Open, runId: string): Promise<void> {
    const run = await findRun.recorded(stream.owner, runId)
    writeSteps(stream, await reads.stepsOf(stream.owner, run))
  }

  async function fromHistory(stream: Open, runId: string): Promise<void> {
    const run = await findRun.recorded(stream.owner, runId)
    writeSteps(stream, await reads.stepsOf(stream.owner, run))
    writeRun(stream, run)
  }

  function follow(stream: Open, runId: string): void {
    let working: Promise<void> = Promise.resolve()
    stream.watch = runWatches.watch(stream.owner, runId, stream.after, steps => {
      // In order: one may have to read the history.
      working = working.then(() => take(stream, runId, steps)).catch(() => void stream.out.destroy())
    })
  }

  return {
    async open(call) {
      const owner = ownerOf(call)
      const runId = call.params.runId!
      const found = await findRun(owner, runId)
      if (runWatches.count(owner.organizationId) >= PER_ORGANIZATION_MAX)
        throw new ClarionError(
          'stream_limit_exceeded',
          `An organization may watch ${PER_ORGANIZATION_MAX} runs in a process.`,
        )
      const stream: Open = { owner, out: new PassThrough(), after: lastEventId(call), watch: undefined }
      open.add(stream)
      timer ??= clock.after(HEARTBEAT_MS, beat)
      stream.out.once('close', () => {
        stream.watch?.close()
        open.delete(stream)
      })
      write(stream, `retry: ${RETRY_MS}\n\n`)
      writeSteps(stream, found.steps)
      writeRun(stream, found.run)
      if (open.has(stream)) follow(stream, runId)
      return { stream: { contentType: 'text/event-stream; charset=utf-8', body: stream.out } }
    },
    drain() {
      timer?.cancel()
      for (const stream of [...open]) finish(stream)
    },
  }
}

function lastEventId({ headers }: Call): number {
  const given = headers['last-event-id']
  if (given === undefined || given === '') return 0
  if (typeof given === 'string' && /^\d{1,7}$/.test(given)) return Number(given)
  const message = 'must be the number of a step, as in the id of an event'
  const details = [{ path: '/headers/last-event-id', rule: 'format', message }]
  throw new ClarionError('validation_failed', `The header Last-Event-ID ${message}.`, { details })
}
