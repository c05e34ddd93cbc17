/** From the answer of a run to the answer of its route. */

import { ClarionError } from '../../model/codes.ts'
import { refusalOf } from '../../run-calls/call-key.ts'
import type { RunAnswer } from '../../run-calls/run-calls.ts'
import { RESERVED_HEADERS } from '../../workflows/language/actions/respond.ts'
import { JSON_TYPE } from '../http/envelope.ts'

export interface HttpAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

interface Response {
  status: number
  headers: Record<string, string>
  isText: boolean
  body: string
}

const RETRY_AFTER_S = 1
/** A definition cannot be deployed with them; a version of an earlier release may have them. */
const RESERVED: ReadonlySet<string> = new Set(RESERVED_HEADERS)

/** Throws what the platform answers itself: `run_failed`, `route_timeout` and the reasons why no run began. */
export function httpAnswer(answer: RunAnswer | undefined, runId: string): HttpAnswer {
  if (answer === undefined) {
    const message = `The run ${runId} has not responded in time, and goes on: its end is in the history.`
    throw new ClarionError('route_timeout', message)
  }
  const value = JSON.parse(answer.value.toString()) as unknown
  if (answer.kind === 'responded') return respondedAnswer(value as Response)
  if (answer.kind === 'ended') return endedAnswer(value as Ended, answer.runId)
  throw refusalOf(answer)
}

function respondedAnswer({ status, headers, isText, body }: Response): HttpAnswer {
  const own = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), inBytes(value)])
  const sent = Object.fromEntries(own.filter(([name]) => !RESERVED.has(name)))
  const type = { 'content-type': isText ? 'text/plain; charset=utf-8' : JSON_TYPE }
  return { status, headers: { ...type, ...sent }, body }
}

/** Node writes header values as Latin-1: this makes them UTF-8. */
const inBytes = (value: string): string => Buffer.from(value, 'utf8').toString('latin1')

interface Ended {
  status: string
  skipReason: string | null
  errorCode: string | null
}

function endedAnswer({ status, skipReason }: Ended, runId: string): HttpAnswer {
  if (status === 'succeeded') return { status: 200, headers: { 'content-type': JSON_TYPE }, body: '{}' }
  if (skipReason === null)
    throw new ClarionError('run_failed', `The run ${runId} ended as ${status} before it responded.`)
  if (skipReason === 'organization_suspended')
    throw new ClarionError('organization_suspended', 'The organization of the route is suspended.')
  if (skipReason === 'inactive') throw new ClarionError('not_found', 'There is no such route.')
  const message = `The route takes no more calls now (${skipReason}): repeat it after Retry-After.`
  throw new ClarionError('rate_limited', message, { retryAfterS: RETRY_AFTER_S })
}
