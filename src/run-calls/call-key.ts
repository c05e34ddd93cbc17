/** An idempotency key as a command carries it. */
import { hash } from 'node:crypto'
import type { RunCommand } from '../../topics/runs-commands.ts'
import { ClarionError, type Code } from '../model/codes.ts'
import type { RunAnswer } from './run-calls.ts'

/** `asked`: what must be the same when the key comes again. */
export function callKey(key: string | undefined, asked: readonly string[]): RunCommand['callKey'] {
  if (key === undefined) return null
  return { hash: hash('sha256', key, 'hex'), bodyHash: hash('sha256', JSON.stringify(asked), 'hex') }
}

const REFUSALS: Partial<Record<Code, string>> = {
  idempotency_key_conflict: 'The idempotency key was used with another call.',
  answer_not_kept: 'The call with this idempotency key has been answered, and the answer was too large to be kept.',
}

/** The error of an answer of the kind `refused`. */
export function refusalOf({ runId, value }: RunAnswer): ClarionError {
  const { code } = JSON.parse(value.toString()) as { code: Code }
  return new ClarionError(code, `${REFUSALS[code] ?? 'The call was refused.'} Its run is ${runId}.`)
}
