/** Parts of the document that no route has: the error, and headers. */
import { CODES } from '../../model/codes.ts'
import type { Route, Schema } from '../http/route.ts'

const text: Schema = { type: 'string' }

const finding: Schema = {
  type: 'object',
  required: ['path', 'rule', 'message'],
  properties: {
    path: { ...text, description: 'A JSON pointer into the request.' },
    rule: { ...text, description: 'One word for the rule that is broken.' },
    message: { ...text, description: 'The remedy.' },
  },
}

export const ERROR: Schema = {
  type: 'object',
  required: ['success', 'error'],
  properties: {
    success: { const: false },
    error: {
      type: 'object',
      required: ['code', 'message', 'requestId', 'retryable'],
      properties: {
        code: { ...text, enum: Object.keys(CODES), description: 'Stable; a later release may add codes.' },
        message: { ...text, description: 'For people; it may change.' },
        details: { type: 'array', items: finding },
        requestId: { ...text, description: 'Identifies the call for the operator.' },
        retryable: { type: 'boolean', description: 'Whether the same call may succeed if repeated unchanged.' },
        earliestCursor: { ...text, description: 'With cursor_expired: where reading can go on.' },
        lostEvents: { type: ['integer', 'null'], description: 'With cursor_expired: events that are no longer kept.' },
        reason: { ...text, description: 'With cursor_expired: `ahead` where the log ends before the cursor.' },
        emitId: { ...text, description: 'With bus_relay_failed: the recorded emit, which can be redriven.' },
      },
    },
  },
}

const header = (name: string, description: string, schema: Schema) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
})

export const REQUEST_HEADERS: Record<string, ReturnType<typeof header>> = {
  'Idempotency-Key': header(
    'Idempotency-Key',
    '1 to 255 printable characters, in UTF-8, once. Repeating the call with it does nothing twice.',
    { type: 'string', minLength: 1, maxLength: 255 },
  ),
  'If-Match': header('If-Match', 'The revision that the change starts from; another one is revision_conflict.', {
    type: 'string',
    pattern: '^\\s*(\\*|"?\\d{1,15}"?)\\s*$',
  }),
  Prefer: header('Prefer', '`respond-async`: the answer does not wait for the verdict.', text),
  'X-Schema-Hash': header(
    'X-Schema-Hash',
    "The hash of the caller's generated types; of a batch also `<name>=<hash>` for each name, separated by commas.",
    text,
  ),
  'Last-Event-ID': header(
    'Last-Event-ID',
    'The cursor of the last event that was read; reading goes on after it.',
    text,
  ),
}

export const RESPONSE_HEADERS: Record<string, Schema> = {
  'X-Request-Id': { description: 'Identifies the call for the operator.', schema: text },
  'Retry-After': {
    description: 'Seconds to wait before the call is repeated.',
    schema: { type: 'integer', format: 'int64' },
  },
  'X-Schema-Drift': {
    description:
      "The version that judges, where its schema is not that of the caller's types; of a batch `<name>=<version>` for each name.",
    schema: text,
  },
}

export const isEmit = (path: string): boolean => /\/emit(\/batch)?$/.test(path)

/** Methods that change a resource which is there heed `If-Match` where it has a revision. */
export function headersOf({ method, path, takesIdempotencyKey, isStream, answer }: Route): Schema[] {
  const headers: Schema[] = []
  if (takesIdempotencyKey === true) headers.push(REQUEST_HEADERS['Idempotency-Key']!)
  if (method !== 'GET' && path.includes('/:') && hasRevision(answer)) headers.push(REQUEST_HEADERS['If-Match']!)
  if (isEmit(path)) headers.push(REQUEST_HEADERS.Prefer!, REQUEST_HEADERS['X-Schema-Hash']!)
  if (isStream === true) headers.push(REQUEST_HEADERS['Last-Event-ID']!)
  return headers
}

/** Or a deletion, whose answer no longer shows it. */
const hasRevision = (answer: Schema | undefined): boolean =>
  JSON.stringify(answer ?? {}).includes('"revision"') || JSON.stringify(answer ?? {}).includes('"deleted"')

/** Headers of a delivery; which signatures it carries is the choice of the webhook. */
export const SIGNED_HEADERS = [
  header('X-Event-Id', 'The id of the event.', text),
  header('X-Event-Sequence', 'The number of the event in its organization and environment.', text),
  header('X-Delivery-Id', 'The id of the delivery: the same for each of its attempts.', text),
  header('X-Delivery-Attempt', '1 for the first attempt.', text),
  header('X-Event-Chain', 'Names the chain of the event; an emit that follows from it sends it as chainToken.', text),
  header('X-Event-Replay', 'The replay that made the delivery.', text),
  header('webhook-id', 'Profiles standard and ed25519: the id of the delivery.', text),
  header('webhook-timestamp', 'Profiles standard and ed25519: seconds since 1970.', text),
  header('webhook-signature', 'Profiles standard and ed25519: v1,<base64> or v1a,<base64>, separated by spaces.', text),
  header('x-platforma-signature', 'Profile platforma: hex.', text),
  header('X-Platphorm-Signature', 'Profile platphorm: sha256=<hex>.', text),
  header('X-Event-Signature', 'Profile event: hex, over the timestamp and the body.', text),
  header('X-Event-Timestamp', 'Profile event: seconds since 1970.', text),
  header('X-Platformxe-Signature', 'Profile relay: sha256=<hex>.', text),
]
