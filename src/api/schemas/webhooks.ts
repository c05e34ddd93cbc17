import {
  anyObject,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  stored,
  string,
  text,
  time,
} from './parts.ts'

const selectors = { type: 'array', items: text(1, 255), minItems: 1, maxItems: 100 }
const retry = object({
  'preset?': string,
  'delays?': { type: 'array', items: { type: ['integer', 'string'] } },
  'maxAttempts?': integer,
})

const settings = {
  'name?': optionalText(120),
  'description?': optionalText(500),
  'active?': boolean,
  'secret?': text(16, 256),
  'timeoutMs?': { type: 'integer', minimum: 1_000, maximum: 30_000 },
  'maxInFlight?': { type: 'integer', minimum: 1, maximum: 100 },
  'retry?': retry,
}

export const newWebhook = object({ url: string, events: selectors, ...settings })
export const webhookPatch = { ...object({ 'url?': string, 'events?': selectors, ...settings }), minProperties: 1 }

const shown = {
  ...stored,
  environment,
  name: nullable(string),
  description: nullable(string),
  url: string,
  events: listOf(string),
  active: boolean,
  pausedAt: nullable(time),
  timeoutMs: integer,
  maxInFlight: integer,
  retry: object({ preset: nullable(string), delays: listOf(integer), maxAttempts: integer }),
  apiVersion: string,
}
export const webhook = object(shown)
/** The secret is shown this once. */
export const madeWebhook = object({ ...shown, secret: string })

export const DELIVERY_STATUSES = ['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const
export const delivery = anyObject
export const attempt = anyObject
export const deliveryQuery = { 'status?': oneOf(DELIVERY_STATUSES), 'type?': text(1, 255), 'from?': time, 'to?': time }
