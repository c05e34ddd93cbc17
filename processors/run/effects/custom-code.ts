/** The action `custom_code`: a job for a sandbox, whose time and randomness are the run's. */
import { hash } from 'node:crypto'
import { parseJson } from '../../../src/json/json.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { planOf } from '../../../src/model/plans.ts'
import { JOB_LIMITS } from '../../../src/sandbox/job.ts'
import type { SandboxPool } from '../../../src/sandbox/pool.ts'
import { failed, type OutwardCall, type StepAnswer } from './step.ts'

interface CustomCodeInput {
  code: string
  input?: unknown
  timeoutMs?: number
  memoryMb?: number
}

const VALUE_LIMITS = { depthMax: 256, duplicateKeys: 'refuse', exactNumbers: 'all' } as const
const PASSING: ReadonlySet<string> = new Set(['code_busy', 'code_timeout'])
/** Of the console, shown with a failure. */
const LAST_LINES = 10

export async function runCode(
  { live, effect, stepId, timeoutMs: leftMs, signal }: OutwardCall,
  { view, sandboxes }: { view: Pick<ControlView, 'organization'>; sandboxes: SandboxPool },
): Promise<StepAnswer> {
  const { organizationId, startedAtMs } = live.facts
  const given = effect.with as CustomCodeInput
  const { code, timeoutMs = JOB_LIMITS.timeoutMs, memoryMb = JOB_LIMITS.memoryMb } = given
  const plan = view.organization(organizationId)?.plan ?? 'FREE'
  if (!planOf(plan).customCode) return failed('code_error', `The plan ${plan} has no custom_code.`)
  if (code.includes('\0')) return failed('code_error', 'The code has a NUL character.')
  const job = {
    ...{ code, input: JSON.stringify(given.input ?? null), timeoutMs: Math.min(timeoutMs, leftMs), memoryMb },
    ...{ nowMs: startedAtMs, seed: seedOf(stepId) },
  }
  const ended = await sandboxes.run(organizationId, job, signal)
  if (ended.state === 'failed') {
    const message = [ended.message, ...ended.logs.slice(-LAST_LINES)].join('\n').slice(0, JOB_LIMITS.messageCharacters)
    return failed(ended.code, message.toWellFormed(), PASSING.has(ended.code) ? { isTransient: true } : {})
  }
  const read = parseJson(Buffer.from(ended.value), VALUE_LIMITS)
  if (!read.ok)
    return failed('code_error', `The result is no JSON that the platform keeps: ${read.findings[0]!.message}.`)
  return { output: { value: read.exact, logs: ended.logs } }
}

function seedOf(stepId: string): number[] {
  const digest = hash('sha256', stepId, 'buffer')
  return [0, 4, 8, 12].map(at => digest.readUInt32LE(at))
}
