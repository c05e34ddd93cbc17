/** Calls of the reference domain: a command of `domain.commands`, answered through `responses` once it has committed. */
import { domainCommandCodec, domainCommands } from '../../topics/domain-commands.ts'
import type { DomainCalls } from '../domain/calls.ts'
import { ClarionError, type Code, type Finding } from '../model/codes.ts'
import type { ControlView } from '../model/control-view.ts'
import type { RunCalls } from './run-calls.ts'

const TIMEOUT_MS = 10_000

export function createDomainCalls(deps: {
  runCalls: Pick<RunCalls, 'ask'>
  view: Pick<ControlView, 'appliedOffset'>
}): DomainCalls {
  const { runCalls, view } = deps
  return {
    async call(given) {
      const answer = await runCalls.ask(
        given.organizationId,
        answerTo => {
          const command = { ...given, controlOffset: view.appliedOffset, answerTo }
          return { topic: domainCommands.name, value: domainCommandCodec.encode(command) }
        },
        { wants: 'response', timeoutMs: TIMEOUT_MS },
      )
      if (answer === undefined) throw late()
      const value = JSON.parse(answer.value.toString()) as Answered & Refused
      if (answer.kind !== 'refused') return value
      const { code, message, details } = value
      throw new ClarionError(code, message, details === undefined ? {} : { details })
    },
  }
}

interface Answered {
  status: number
  body: unknown
}

interface Refused {
  code: Code
  message: string
  details?: Finding[]
}

const late = () =>
  new ClarionError(
    'service_unavailable',
    `There was no answer within ${TIMEOUT_MS / 1000} s, and the change may be made: repeat it with its Idempotency-Key.`,
    { retryAfterS: 1 },
  )
