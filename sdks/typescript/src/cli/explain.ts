/** Explains an error, and the next step. */
import type { Writable } from 'node:stream'
import { ClarionApiError, ClarionConnectionError } from '../client/errors.ts'
import { type ExitCode, UsageError } from './command.ts'
import { type Printer, printable } from './printer.ts'

const NEXT: Record<string, string> = {
  unauthorized:
    'set CLARION_API_KEY to a key of the organization, or give --key; the key decides between live and test',
  insufficient_scope: 'use a key that holds the scope: POST /api/v1/keys makes one',
  event_not_registered:
    'register it (POST /api/v1/events/custom), or emit platformxe.generic, which needs no registration',
  event_not_published: 'publish the draft: POST /api/v1/events/custom/:id/publish',
  payload_invalid:
    'repair the places named above; for a record in quarantine: clarion quarantine redrive ID --data JSON',
  idempotency_key_conflict: 'use another --idempotency-key, or emit exactly what was emitted under this one',
  monthly_emit_quota_exceeded: 'clarion health shows what is left; the count starts anew with the month (UTC)',
  registration_quota_exceeded: 'clarion health shows what the plan allows',
  plan_does_not_allow_registered_events: 'emit platformxe.generic, or move to a plan with registrations',
  not_found: 'check the id; an id of the other environment or of another organization is not found either',
  rate_limited: 'wait, then repeat',
  bus_relay_failed: 'do not emit it again: POST /api/v1/events/custom/emits/:emitId/redrive',
  unexpected_answer: 'check --url (CLARION_URL): something else answers there',
  timeout: 'repeat it; emits are safe to repeat under the same --idempotency-key',
  network_error:
    'is the platform running there? check --url (CLARION_URL); npm start runs one on http://127.0.0.1:8080',
}

interface Explained {
  code: string
  message: string
  details: ReadonlyArray<{ path: string; message: string }>
  requestId: string | undefined
  next: string | undefined
  exit: ExitCode
}

/** Unknown errors are bugs, and are rethrown. */
export function explain(error: unknown, print: Printer, stderr: Writable): ExitCode {
  const explained = explainedOf(error)
  if (explained === undefined) throw error
  const { exit, ...facts } = explained
  stderr.write(print.json ? `${JSON.stringify({ error: facts })}\n` : textOf(explained))
  return exit
}

function explainedOf(error: unknown): Explained | undefined {
  const facts = { details: [], requestId: undefined }
  if (error instanceof UsageError) return { ...facts, code: 'usage', message: error.message, next: error.next, exit: 2 }
  if (error instanceof ClarionConnectionError)
    return { ...facts, code: error.code, message: error.message, next: NEXT[error.code], exit: 3 }
  if (!(error instanceof ClarionApiError)) return kafkaError(error)
  const { code, message, details, requestId } = error
  return { code, message, details, requestId, next: NEXT[code], exit: 1 }
}

function kafkaError(error: unknown): Explained | undefined {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return undefined
  if (
    /MESSAGE_TOO_LARGE|message (was )?larger|too large/i.test(`${(error as { type?: string }).type} ${error.message}`)
  )
    return {
      ...{ code: 'payload_too_large', message: error.message, details: [], requestId: undefined, exit: 1 },
      next: 'a payload has at most 256 KB: send a reference to what is larger',
    }
  const refused = /SASL|authoriz|authentic/i.test(`${error.name} ${error.message}`)
  const next = refused
    ? 'the credential may be deleted, or not made for this: clarion credentials create NAME --access both --out kafka.json'
    : 'can the brokers of the credential be reached from here?'
  return {
    code: refused ? 'kafka_refused' : 'kafka_error',
    message: error.message,
    details: [],
    requestId: undefined,
    next,
    exit: refused ? 1 : 3,
  }
}

function textOf({ code, message, details, requestId, next }: Explained): string {
  const lines = [
    `clarion: ${code === 'usage' ? message : `${code}: ${message}`}`,
    ...details.map(each => `  ${each.path || '/'}: ${each.message}`),
    ...(next ? [`next: ${next}`] : []),
    ...(requestId ? [`request: ${requestId}`] : []),
  ]
  return `${lines.map(printable).join('\n')}\n`
}
