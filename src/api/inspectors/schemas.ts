import { boolean, integer, listOf, nullable, object, oneOf, stored, string, text, time } from '../http/schema-parts.ts'

const status = { type: 'integer', minimum: 200, maximum: 599 }
const delayMs = { type: 'integer', minimum: 0, maximum: 30_000 }
const headers = { type: 'object', additionalProperties: string, description: 'By name.' }

const settings = {
  'name?': text(1, 100),
  'answer?': object({
    'status?': { ...status, description: '200 unless given.' },
    'headers?': { ...headers, additionalProperties: { type: 'string', maxLength: 1_024 }, maxProperties: 20 },
    'body?': text(0, 4_096),
    'delayMs?': delayMs,
  }),
  'failFirst?': {
    ...{ type: 'integer', minimum: 0, maximum: 10 },
    description: 'So many requests of each message (`webhook-id`) get 503 first.',
  },
}

export const newInspector = object(settings)
export const inspectorPatch = object(settings)

export const inspector = object({
  ...stored,
  ...{ environment: oneOf(['live', 'test']), name: string },
  url: { ...string, description: 'For a webhook, or any client: it needs no key.' },
  answer: object({ status, headers, body: string, delayMs }),
  failFirst: integer,
  received: { ...integer, description: 'Requests so far, those no longer kept included.' },
  expiresAt: time,
})

export const inspectorRequest = object({
  ...{ id: string, receivedAt: time, method: string },
  headers: { ...headers, description: 'Names alone, with empty values, without the scope events:payload.' },
  'body?': {
    ...string,
    description: 'Bytes that are not UTF-8 are replaced. Absent without the scope events:payload.',
  },
  truncated: { ...boolean, description: 'The body is longer, or is not kept any more.' },
  signature: oneOf(['valid', 'invalid', 'none']),
  deliveryId: nullable(string),
  'withheld?': boolean,
})

export const inspectorRequests = listOf(inspectorRequest)
