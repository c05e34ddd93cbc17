/** Messages of a client on a WebSocket, checked. */
import { ClarionError } from '../../model/codes.ts'
import { WINDOW_MAX } from '../../streaming/hub/window.ts'
import type { Schema } from '../http/route.ts'
import { anyObject, environment, object, oneOf, text } from '../http/schema-parts.ts'
import { createValidators } from '../http/validate.ts'
import { malformed, type QuestionFields } from './questions.ts'

export type SubscribeMessage = { type: 'subscribe'; id: string } & QuestionFields
export type ClientMessage =
  | { type: 'auth'; key?: string; token?: string }
  | SubscribeMessage
  | { type: 'unsubscribe'; id: string }
  | { type: 'ack'; id: string; cursor: string }
  | { type: 'ping'; id?: string }

const id = text(1, 100)
const type = (value: string): Schema => ({ const: value })
const boolean: Schema = { type: 'boolean' }

const SCHEMAS: Record<ClientMessage['type'], Schema> = {
  auth: object({ type: type('auth'), 'key?': text(1, 500), 'token?': text(1, 8_000) }),
  subscribe: object({
    ...{ type: type('subscribe'), id },
    'types?': { anyOf: [{ type: 'array', items: text(1, 300), minItems: 1, maxItems: 100 }, text(1, 20_000)] },
    ...{ 'subject?': text(1, 255), 'filter?': { anyOf: [anyObject, text(1, 4_096)] }, 'environment?': environment },
    ...{ 'from?': text(1, 600), 'until?': text(1, 600), 'format?': oneOf(['default', 'cloudevents']) },
    ...{ 'includeLifecycle?': boolean, 'onExpired?': oneOf(['fail', 'continue']) },
    'window?': { type: 'integer', minimum: 1, maximum: WINDOW_MAX },
  }),
  unsubscribe: object({ type: type('unsubscribe'), id }),
  ack: object({ type: type('ack'), id, cursor: text(1, 600) }),
  ping: object({ type: type('ping'), 'id?': id }),
}

const validators = createValidators()
const CHECKS = Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, validators.body(schema)]))

/** Throws `validation_failed`. */
export function readMessage(data: string): ClientMessage {
  const message = parse(data)
  const name = (message as { type?: unknown } | null)?.type
  const check = typeof name === 'string' && Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined
  if (check === undefined) throw malformed('/type', 'enum', `must be one of ${Object.keys(SCHEMAS).join(', ')}`)
  check(message)
  if (name === 'auth') refuseNeither(message as { key?: string; token?: string })
  return name === 'subscribe' ? asQuery(message as Written) : (message as ClientMessage)
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    throw new ClarionError('validation_failed', 'The message is not JSON.', {
      details: [{ path: '', rule: 'json', message: 'must be JSON' }],
    })
  }
}

function refuseNeither({ key, token }: { key?: string; token?: string }): void {
  if ((key === undefined) === (token === undefined))
    throw malformed('/key', 'required', 'or token must be there, not both')
}

type Written = Omit<SubscribeMessage, 'types' | 'filter'> & { types?: string | string[]; filter?: string | object }

/** As a query has it: one text each. */
function asQuery({ types, filter, ...message }: Written): SubscribeMessage {
  return {
    ...message,
    ...(types === undefined ? {} : { types: typeof types === 'string' ? types : types.join(',') }),
    ...(filter === undefined ? {} : { filter: typeof filter === 'string' ? filter : JSON.stringify(filter) }),
  }
}
