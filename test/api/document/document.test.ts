import { describe, expect, it } from '@jest/globals'
import type { OpenApi, Operation } from '../../../src/api/document/document.ts'
import { toOpenApi30 } from '../../../src/api/document/openapi-30.ts'
import { NAMED_ROUTES, operationName, shortPath } from '../../../src/api/document/operation-names.ts'
import { nameOfPath } from '../../../src/api/document/path-name.ts'
import { RECEIVED_BODIES } from '../../../src/api/document/receivers.ts'
import type { Schema } from '../../../src/api/http/route.ts'
import { createValidators } from '../../../src/api/http/validate.ts'
import { WIRE_FORMATS } from '../../../src/model/webhooks.ts'
import { describedDocument, describedRoutes } from '../../support/described-routes.ts'

const document = describedDocument()
const operations = (of: OpenApi): Operation[] => Object.values(of.paths).flatMap(path => Object.values(path))

/** Every schema in a part of a document, with its place. */
function* schemasIn(value: unknown, place = ''): Generator<[string, Schema]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [place, value as Schema]
  for (const [name, each] of Object.entries(value)) yield* schemasIn(each, `${place}/${name}`)
}

describe('the document', () => {
  it('names every operation once, and its place in the kits once', () => {
    for (const name of ['operationId', 'x-clarion-call'] as const) {
      const names = operations(document).map(each => each[name])
      expect(new Set(names).size).toBe(names.length)
    }
    expect(operations(document).length).toBe(describedRoutes().length)
  })

  it('has no call that is also a part with calls below it, but for those that the kits have', () => {
    const calls = operations(document).map(each => each['x-clarion-call'])
    expect(calls.filter(call => calls.some(other => other.startsWith(`${call}.`)))).toEqual([])
  })

  it('names routes that exist: the table of names has none besides', () => {
    const routes = new Set(describedRoutes().map(({ method, path }) => `${method} ${shortPath(path)}`))
    expect([...NAMED_ROUTES].filter(name => !routes.has(name))).toEqual([])
  })

  it('has no object but in a named component, and no reference into nothing', () => {
    const inline = [...schemasIn(document.paths)]
      .filter(
        ([place]) => !place.endsWith('/application/json/schema') && !/\/(properties|example|examples)$/.test(place),
      )
      .filter(([, { type, properties }]) => type === 'object' && properties !== undefined)
      .map(([place]) => place)
    expect(inline).toEqual([])
    const targets = [...schemasIn(document)].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : []))
    for (const target of new Set(targets)) {
      const [, , kind, name] = target.split('/') as [string, string, keyof OpenApi['components'], string]
      expect([target, document.components[kind]?.[name]]).toEqual([target, expect.anything()])
    }
  })

  it('leaves answers open and keeps requests closed', () => {
    const closed = Object.entries(document.components.schemas)
      .filter(([, schema]) => schema.additionalProperties === false)
      .map(([name]) => name)
    expect(closed).toContain('NewWebhook')
    const reached = new Set(operations(document).flatMap(each => [...referencesFrom(each.responses)]))
    expect(reached.size).toBeGreaterThan(100)
    expect(closed.filter(name => reached.has(name))).toEqual([])
  })

  it('has no null among the values of an enum, and none without a type', () => {
    const enums = [...schemasIn(document)].filter(([, schema]) => Array.isArray(schema.enum))
    expect(enums.length).toBeGreaterThan(30)
    for (const [place, { enum: values, type }] of enums) {
      expect([place, (values as unknown[]).includes(null)]).toEqual([place, false])
      expect([place, typeof (values as unknown[])[0]]).toEqual([place, type])
    }
  })

  it('names the media type of every answer', () => {
    const media = operations(document).flatMap(each =>
      Object.values(each.responses).flatMap(({ content }) => Object.keys(content ?? {})),
    )
    expect(new Set(media)).toEqual(
      new Set([
        'application/json',
        'text/plain',
        'application/vnd.schemaregistry.v1+json',
        'text/event-stream',
        'application/x-ndjson',
        'text/csv',
      ]),
    )
  })

  it('says of each call whether a repetition does harm', () => {
    const repeats = Object.fromEntries(
      operations(document).map(each => [each['x-clarion-call'], each['x-clarion-repeat']]),
    )
    expect(repeats).toMatchObject({
      'events.custom.emit': 'keyed',
      'events.custom.register': 'keyed',
      'events.webhooks.create': 'ifNotDone',
      'events.webhooks.rotate': 'ifNotDone',
      'tables.update': 'ifNotDone',
      'events.webhooks.update': 'always',
      'events.webhooks.list': 'always',
    })
    for (const each of operations(document).filter(({ operationId }) => operationId.startsWith('get')))
      expect([each.operationId, each['x-clarion-repeat']]).toEqual([each.operationId, 'always'])
  })

  it('in its older form has no word that 3.0 does not know', () => {
    const older = toOpenApi30(document)
    expect(older.openapi).toBe('3.0.3')
    expect(older.webhooks).toBeUndefined()
    expect(operations(older).map(each => each.operationId)).toEqual(operations(document).map(each => each.operationId))
    for (const [place, schema] of schemasIn(older.components.schemas)) {
      if (/\/(properties|example)$/.test(place)) continue
      expect([place, Array.isArray(schema.type), schema.type === 'null', 'const' in schema]).toEqual([
        place,
        false,
        false,
        false,
      ])
      if ('$ref' in schema) expect([place, Object.keys(schema)]).toEqual([place, ['$ref']])
    }
    expect(older.components.schemas.Webhook?.properties).toMatchObject({
      name: { type: 'string', nullable: true },
      counters: { allOf: [{ $ref: '#/components/schemas/WebhookCounters' }], nullable: true },
    })
  })

  it('describes what a receiver gets in every wire format', () => {
    expect(Object.keys(document.webhooks ?? {}).sort()).toEqual([...WIRE_FORMATS].sort())
    expect(Object.keys(RECEIVED_BODIES).sort()).toEqual([...WIRE_FORMATS].sort())
  })
})

/** Names of the components that a part of the document leads to. */
function referencesFrom(part: unknown, found = new Set<string>()): Set<string> {
  for (const [, { $ref }] of schemasIn(part)) {
    const name = typeof $ref === 'string' ? $ref.replace('#/components/schemas/', '') : undefined
    if (name === undefined || found.has(name) || !Object.hasOwn(document.components.schemas, name)) continue
    found.add(name)
    referencesFrom(document.components.schemas[name], found)
  }
  return found
}

/** An export and a share have the fields of their kind. */
const PARTS_OF_DESIGNS = /designs\/:id\/(exports|shares)/
/**
 * Fields whose content is the caller's own, or depends on a word beside them. Every other object of an answer names its
 * fields, and is closed in the table of routes, so that a field that is sent without being described fails a test.
 */
const OPEN =
  /\/(payload|payloadSchema|payloadExample|data|definition|conditions|filter|trigger|concurrency|params|input|output|warnings|schemaSnapshot|default|before|after|event|attempts|findings|row|rows|webhook|bodySchema|style|changes|contracts|variables|pins|expected|actual|proposal)(\/items)?$/

it('every object of an answer names its fields, but for those whose content is not ours', () => {
  const open = describedRoutes()
    .filter(({ answer, path }) => answer !== undefined && !path.startsWith('/api/v1/tables'))
    .flatMap(({ method, path, answer }) =>
      [...schemasIn(answer)]
        .filter(([place]) => !place.endsWith('/properties') && !/\/(enum|required)$/.test(place))
        .filter(([, schema]) => isOpen(schema))
        .map(([place]) => `${method} ${path} ${place}`),
    )
  expect(
    open.filter(
      each => !OPEN.test(each) && !each.startsWith('GET /api/v1/events /items') && !PARTS_OF_DESIGNS.test(each),
    ),
  ).toEqual([])
})

const isOpen = ({ type, properties, additionalProperties, anyOf, const: constant, enum: values }: Schema): boolean => {
  const types = [type].flat()
  if (types.includes('object')) return additionalProperties === undefined && properties === undefined
  return type === undefined && anyOf === undefined && constant === undefined && values === undefined
}

describe('a route without a line in the table of names', () => {
  it.each([
    ['GET', '/queues', 'listQueues', 'queues.list'],
    ['POST', '/queues', 'createQueue', 'queues.create'],
    ['GET', '/queues/:id', 'getQueue', 'queues.get'],
    ['PATCH', '/queues/:id', 'updateQueue', 'queues.update'],
    ['DELETE', '/queues/:id', 'deleteQueue', 'queues.delete'],
    ['POST', '/queues/:id/pause', 'pauseQueue', 'queues.pause'],
    ['GET', '/limits/rate/:name', 'getLimitRateOf', 'limits.rate.getOf'],
    ['GET', '/queues/:id/messages', 'listQueueMessages', 'queues.messages.list'],
    ['POST', '/queues/:id/messages/:mid/ack', 'ackQueueMessage', 'queues.messages.ack'],
  ] as const)('%s %s is %s', (method, path, id, call) => {
    expect(nameOfPath(method, path)).toEqual({ id, call })
  })

  it('makes something new each time where its status is 201', () => {
    expect(operationName({ method: 'POST', path: '/api/v1/queues', status: 201 }).repeat).toBe('ifNotDone')
    expect(operationName({ method: 'POST', path: '/api/v1/queues/:id/pause' }).repeat).toBe('always')
  })
})

it('the schemas of deliveries take what the validators compile', () => {
  const validators = createValidators()
  for (const schema of Object.values(RECEIVED_BODIES)) expect(() => validators.body(schema)).not.toThrow()
})
