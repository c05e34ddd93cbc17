/** One job in a QuickJS runtime of its own, which knows no function of the host. What it throws is a broken engine. */
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSWASMModule } from 'quickjs-emscripten-core'
import { JOB_LIMITS, type Job, type JobEnd } from '../job.ts'
import { preludeOf } from './prelude.ts'

const STACK_BYTES = 256 * 1024
/** Of promises that wait for each other. */
const TURNS_MAX = 100_000
/** That the engine puts in front of a function's body. */
const LINES_BEFORE = 2

export function runJob(engine: QuickJSWASMModule, job: Job, nowMs: () => number): JobEnd {
  const untilMs = nowMs() + job.timeoutMs
  const clock = { isOver: false }
  const runtime = engine.newRuntime()
  try {
    runtime.setMemoryLimit(job.memoryMb * 1024 * 1024)
    runtime.setMaxStackSize(STACK_BYTES)
    runtime.setInterruptHandler(() => {
      clock.isOver ||= nowMs() >= untilMs
      return clock.isOver
    })
    const context = runtime.newContext()
    try {
      return endOf({ runtime, context, job, clock })
    } finally {
      context.dispose()
    }
  } finally {
    runtime.dispose()
  }
}

interface Running {
  runtime: QuickJSRuntime
  context: QuickJSContext
  job: Job
  clock: { isOver: boolean }
}

function endOf(running: Running): JobEnd {
  const { context, job } = running
  const prelude = context.unwrapResult(context.evalCode(preludeOf(job.nowMs, job.seed), 'prelude.js'))
  const call = (name: string, ...given: QuickJSHandle[]) => {
    const called = context.getProp(prelude, name)
    const result = context.callFunction(called, context.undefined, ...given)
    called.dispose()
    for (const each of given) each.dispose()
    return result
  }
  try {
    const end = valueFrom(running, call)
    return { ...end, logs: logsOf(running, call) }
  } finally {
    prelude.dispose()
  }
}

type Call = (name: string, ...given: QuickJSHandle[]) => ReturnType<QuickJSContext['callFunction']>
type End = { state: 'done'; value: string } | Omit<Extract<JobEnd, { state: 'failed' }>, 'logs'>

function valueFrom(running: Running, call: Call): End {
  const { context, job } = running
  const ran = call('run', context.newString(job.code), context.newString(job.input))
  if (ran.error !== undefined) return failure(running, call, ran.error)
  const settled = settle(running, call, ran.value)
  if ('state' in settled) return settled
  const answered = call('answer', settled)
  if (answered.error !== undefined) return failure(running, call, answered.error)
  const value = context.getString(answered.value)
  answered.value.dispose()
  return { state: 'done', value }
}

/** The value of a promise once everything that is left to do has been done. */
function settle(running: Running, call: Call, value: QuickJSHandle): QuickJSHandle | End {
  const { context, runtime } = running
  const state = context.getPromiseState(value)
  if (state.type === 'fulfilled' && state.notAPromise === true) return value
  if (state.type === 'fulfilled') state.value.dispose()
  if (state.type === 'rejected') state.error.dispose()
  const turns = runtime.executePendingJobs(TURNS_MAX)
  if (turns.error !== undefined) return failure(running, call, turns.error)
  const ended = context.getPromiseState(value)
  value.dispose()
  if (ended.type === 'fulfilled') return ended.value
  if (ended.type === 'rejected') return failure(running, call, ended.error)
  return failed(running.clock.isOver ? 'code_timeout' : 'code_error', 'The code returned a promise that never settles.')
}

const failed = (code: 'code_error' | 'code_timeout' | 'code_memory', message: string): End => ({
  state: 'failed',
  code,
  message: message.slice(0, JOB_LIMITS.messageCharacters).toWellFormed(),
})

function failure(running: Running, call: Call, error: QuickJSHandle): End {
  const { context, clock, job } = running
  if (clock.isOver) {
    error.dispose()
    return failed('code_timeout', `The code took more than ${job.timeoutMs} ms.`)
  }
  // An engine without memory has none for an error either: it throws null then, as code may do.
  if (context.eq(error, context.null)) {
    error.dispose()
    return failed('code_memory', `The code used more than ${job.memoryMb} MB, or threw null.`)
  }
  const said = call('said', error)
  if (said.error !== undefined) {
    said.error.dispose()
    if (clock.isOver) return failed('code_timeout', `The code took more than ${job.timeoutMs} ms.`)
    return failed('code_memory', `The code used more than ${job.memoryMb} MB.`)
  }
  const message = context.getString(said.value)
  said.value.dispose()
  return message.startsWith('InternalError: out of memory')
    ? failed('code_memory', `The code used more than ${job.memoryMb} MB.`)
    : failed(
        'code_error',
        message.replace(/<input>:(\d+)/g, (_, line) => `code:${Number(line) - LINES_BEFORE}`),
      )
}

/** Code that has used up its time or memory may leave no lines. */
function logsOf({ context }: Running, call: Call): string[] {
  const lines = call('logs')
  if (lines.error !== undefined) {
    lines.error.dispose()
    return []
  }
  const json = context.getString(lines.value)
  lines.value.dispose()
  const parsed: unknown = JSON.parse(json)
  return Array.isArray(parsed) ? parsed.map(line => String(line).toWellFormed()) : []
}
