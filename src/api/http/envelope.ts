/** The two shapes of answers: data and error. See docs/specification/conventions.md#answers. */
import { ClarionError, CODES, type Code, type Finding } from '../../model/codes.ts'
import type { Answer } from './route.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

export interface Failure {
  status: number
  headers: Record<string, string>
  error: { code: Code; message: string; details?: Finding[]; requestId: string; retryable: boolean; emitId?: string }
}

export function success(answer: Answer, requestId: string): string {
  const paging = answer.nextCursor === undefined ? {} : { nextCursor: answer.nextCursor }
  const meta = { requestId, ...paging, ...answer.meta }
  return JSON.stringify({ success: true, data: answer.data ?? null, meta })
}

/** The caller's view of an error. Anything but a `ClarionError` is a fault of ours, and its details stay inside. */
export function failureOf(error: unknown, requestId: string): Failure {
  if (!(error instanceof ClarionError)) return failure('internal_error', CODES.internal_error.meaning, requestId)
  const found = failure(error.code, error.message, requestId, error.details)
  if (error.retryAfterS !== undefined) found.headers['retry-after'] = String(error.retryAfterS)
  if (error.emitId !== undefined) found.error.emitId = error.emitId
  return error.facts === undefined ? found : { ...found, error: { ...found.error, ...error.facts } }
}

export function failure(code: Code, message: string, requestId: string, details?: Finding[]): Failure {
  const { status, retryable } = CODES[code]
  const headers: Record<string, string> = {}
  if (code === 'unauthorized') headers['www-authenticate'] = 'Bearer'
  if (code === 'service_unavailable') headers['retry-after'] = '1'
  const error = {
    code,
    message,
    ...(details === undefined || details.length === 0 ? {} : { details }),
    requestId,
    retryable,
  }
  return { status, headers, error }
}

export const failureBody = (failed: Failure): string => JSON.stringify({ success: false, error: failed.error })
