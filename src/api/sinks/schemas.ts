import { SINK_FORMATS, SINK_MECHANISMS } from '../../model/sinks.ts'
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
} from '../http/schema-parts.ts'
import { waiting } from '../shared/waiting-schema.ts'

const ORDERINGS = ['none', 'block', 'park'] as const
const SERVERS_MAX = 20

const config = object({
  bootstrapServers: { type: 'array', items: text(1, 260), minItems: 1, maxItems: SERVERS_MAX, uniqueItems: true },
  topic: text(1, 249),
  'sasl?': {
    anyOf: [
      object({ mechanism: oneOf(SINK_MECHANISMS), username: text(1, 255), password: text(1, 1_024) }),
      { type: 'null' },
    ],
  },
  'tls?': boolean,
  'format?': oneOf(SINK_FORMATS),
})
const selectors = { type: 'array', items: text(1, 255), minItems: 1, maxItems: 100 }
const settings = {
  'name?': optionalText(120),
  'conditions?': { type: ['object', 'null'] },
  'ordering?': oneOf(ORDERINGS),
  'retry?': object({
    'preset?': string,
    'delays?': { type: 'array', items: { type: ['integer', 'string'] }, description: 'Milliseconds, or 30s, 5m, 2h.' },
    'maxAttempts?': integer,
  }),
  'active?': boolean,
}

export const newSink = object({
  type: text(1, 40, { description: 'kafka: the one type that there is.' }),
  ...{ events: selectors, config, ...settings },
})
export const sinkPatch = { ...object({ 'events?': selectors, 'config?': config, ...settings }), minProperties: 1 }
export const sinkActivation = object({ 'resume?': oneOf(['from_pause', 'latest']) })
export const sinkQuery = { 'active?': boolean, 'health?': oneOf(['healthy', 'failing', 'disabled']) }

/** Without the password. */
const shownConfig = object({
  bootstrapServers: listOf(string),
  topic: string,
  sasl: { anyOf: [object({ mechanism: oneOf(SINK_MECHANISMS), username: string }), { type: 'null' }] },
  tls: boolean,
  format: oneOf(SINK_FORMATS),
})
export const sink = object({
  ...stored,
  ...{ environment, name: nullable(string), type: oneOf(['kafka']), events: listOf(string), config: shownConfig },
  ...{ conditions: nullable(anyObject), ordering: oneOf(ORDERINGS), active: boolean, pausedAt: nullable(time) },
  retry: object({ preset: nullable(string), delays: listOf(integer), maxAttempts: integer }),
  ...{ health: oneOf(['healthy', 'failing', 'disabled']), failingSince: nullable(time) },
  ...{ lastDeliveryAt: nullable(time), lastDeliveryStatus: nullable(string) },
  counters: nullable(object({ attempts: integer, succeeded: integer, failed: integer })),
  ...{ countersReason: nullable(string), waiting },
})
export { ping } from '../shared/delivery-schemas.ts'
