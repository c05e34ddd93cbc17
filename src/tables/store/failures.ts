/** Errors of PostgreSQL as codes of the platform. */
import { ClarionError } from '../../model/codes.ts'
import { ResultTooLarge } from './session.ts'

interface DatabaseError extends Error {
  code?: string
  constraint?: string
  detail?: string
  position?: string
}

/** Class or code of PostgreSQL (its appendix A) or of Node: the server is away, starting, stopping or full. */
const AWAY =
  /^(?:08...|57P0[1235]|53300|53100|ECONN[A-Z]+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/
const CUT = /^Connection terminated|is not queryable|timeout expired|There was an error establishing/

/** Whether the server was away: then a statement that was under way may or may not have happened. */
export function isAway(error: unknown): boolean {
  const { code, message } = error as DatabaseError
  return (typeof code === 'string' && AWAY.test(code)) || CUT.test(message ?? '')
}

export const isWrongPassword = (error: unknown): boolean => /^28/.test((error as DatabaseError).code ?? '')

/** Two transactions met; one of them was ended, and may be repeated. */
export const isConflict = (error: unknown): boolean => /^40(001|P01)$/.test((error as DatabaseError).code ?? '')

export const isUndefinedTable = (error: unknown): boolean => (error as DatabaseError).code === '42P01'

export const unavailable = (reason: string, cause?: unknown): ClarionError =>
  new ClarionError('tables_unavailable', reason, { retryAfterS: 1, cause })

/** The code for a failed statement; a fault of the platform stays what it is. */
export function codedFailure(error: unknown): unknown {
  if (error instanceof ClarionError) return error
  if (error instanceof ResultTooLarge)
    return new ClarionError('sql_result_too_large', `${error.message}: select fewer rows or columns.`)
  if (isAway(error))
    return unavailable('The tables went away during the call, which may or may not have taken effect.', error)
  const found = error as DatabaseError
  const { code = '', message } = found
  if (/^23/.test(code)) return new ClarionError('constraint_violated', sentenceOf(constraintOf(found)))
  if (code === '57014' || code === '55P03')
    return new ClarionError('sql_timeout', 'The statement took longer than its time limit and was ended.')
  if (code === '25006' || code === '42501' || code === '0A000')
    return new ClarionError('sql_refused', sentenceOf(message))
  if (/^(?:2|3F|4|53|54|21|0)/.test(code)) return new ClarionError('sql_failed', placed(found))
  return error
}

function placed({ message, position }: DatabaseError): string {
  return sentenceOf(position === undefined ? message : `${message} (at character ${position})`)
}

function constraintOf({ message, detail }: DatabaseError): string {
  return detail === undefined || detail.length > 300 ? message : `${message}: ${detail}`
}

const sentenceOf = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)
