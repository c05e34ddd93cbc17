/** `webhooks` of the document: what a receiver gets, in each wire format. */
import type { Schema } from '../http/route.ts'
import type { Components } from './components.ts'
import { SIGNED_HEADERS } from './fixed-parts.ts'

const text: Schema = { type: 'string' }
const maybe: Schema = { type: ['string', 'null'] }
const time: Schema = { type: 'string', format: 'date-time' }
const anyObject: Schema = { type: 'object' }
const maybeObject: Schema = { type: ['object', 'null'] }
const payload: Schema = { description: 'The payload, byte for byte as it was emitted.' }

const all = (properties: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties: { ...properties, ...optional },
})

const envelope = all({
  ...{ id: text, sequence: { type: 'integer' }, specversion: text, type: text, canonicalName: text },
  ...{ organizationId: text, environment: { type: 'string', enum: ['live', 'test'] }, source: text, subject: maybe },
  ...{ actorId: text, time, recordedAt: time, schemaVersion: text, schemaHash: text },
  ...{ correlationId: maybe, causationId: maybe, traceId: maybe, federation: maybeObject, replay: maybeObject },
  chain: all({ rootEventId: text, depth: { type: 'integer' }, workflowPath: { type: 'array', items: text } }),
  ...{ deliveryId: text, apiVersion: text, data: payload },
})

const cloudEvent = all(
  { specversion: text, id: text, source: text, type: text, time, data: payload },
  {
    ...{ subject: text, recordedtime: time, datacontenttype: text, sequence: text, canonicalname: text },
    ...{ organizationid: text, environment: text, actorid: text, schemaversion: text, schemahash: text },
    ...{ correlationid: text, causationid: text, traceparent: text, rooteventid: text },
    ...{ chaindepth: { type: 'integer' }, chainpath: text, deliveryid: text, apiversion: text, replayid: text },
  },
)

const ctrlplane = all(
  { type: text, tenant_id: text, actor_id: text, timestamp: time, payload },
  { id: text, instance_id: text, canonical_name: text, federation: anyObject },
)
const platforma = all(
  {
    id: text,
    type: text,
    version: text,
    tenant_id: text,
    timestamp: time,
    source: text,
    metadata: anyObject,
    data: payload,
  },
  { canonical_name: text, federation: anyObject },
)
const platphorm = all({
  ...{ id: { ...text, description: 'The id of the delivery.' }, type: text, timestamp: time, apiVersion: text },
  ...{ metadata: anyObject, data: payload },
})

const JSON_TYPE = 'application/json'
const FORMATS = [
  { format: 'default', schema: envelope, media: JSON_TYPE, name: 'DeliveredEvent' },
  { format: 'cloudevents', schema: cloudEvent, media: 'application/cloudevents+json', name: 'DeliveredCloudEvent' },
  { format: 'ctrlplane', schema: ctrlplane, media: JSON_TYPE, name: 'DeliveredCtrlplaneEvent' },
  { format: 'platforma', schema: platforma, media: JSON_TYPE, name: 'DeliveredPlatformaEvent' },
  { format: 'platphorm', schema: platphorm, media: JSON_TYPE, name: 'DeliveredPlatphormEvent' },
]

/** Schemas of bodies by wire format; a test renders each format and compares. */
export const RECEIVED_BODIES: Readonly<Record<string, Schema>> = Object.fromEntries(
  FORMATS.map(({ format, schema }) => [format, schema]),
)

export function receivers(components: Components): Record<string, unknown> {
  return Object.fromEntries(
    FORMATS.map(({ format, schema, media, name }) => {
      const body = { required: true, content: { [media]: { schema: components.refer(schema, 'answer', name) } } }
      const post = {
        operationId: `receive${name.replace('Delivered', '')}`,
        summary: `A delivery in the wire format ${format}.`,
        parameters: SIGNED_HEADERS,
        requestBody: body,
        responses: {
          '2XX': { description: 'Taken.' },
          '410': { description: 'Gone: the webhook is switched off.' },
          default: { description: 'Tried again by the retry policy; Retry-After counts on 429 and 503.' },
        },
      }
      return [format, { post }]
    }),
  )
}
