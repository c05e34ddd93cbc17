/** Schemas and payloads for the figures about the registry: as customers write them, many, and at the caps. */
import { hash } from 'node:crypto'
import type { Registration } from '../src/model/registrations.ts'

export type Judged = Pick<Registration, 'schemaHash' | 'payloadSchema' | 'schemaFlavour'>

const judged = (payloadSchema: Record<string, unknown>): Judged => ({
  schemaHash: hash('sha256', JSON.stringify(payloadSchema), 'hex'),
  payloadSchema,
  schemaFlavour: 'json-schema-2020-12',
})

/** An order of ten properties on two levels; each number is another schema. */
export const orderSchema = (number: number): Judged =>
  judged({
    type: 'object',
    properties: {
      id: { type: 'string', maxLength: 40 + number },
      placedAt: { type: 'string', format: 'date-time' },
      total: { type: 'integer', minimum: 0, maximum: 1_000_000 + number },
      currency: { enum: ['EUR', 'USD', 'GBP'] },
      customer: {
        type: 'object',
        properties: { id: { type: 'string' }, email: { type: 'string', format: 'email' } },
        required: ['id'],
      },
      lines: {
        type: 'array',
        maxItems: 100 + number,
        items: {
          type: 'object',
          properties: { sku: { type: 'string', minLength: 1 }, quantity: { type: 'integer', minimum: 1 } },
          required: ['sku', 'quantity'],
          additionalProperties: false,
        },
      },
    },
    required: ['id', 'placedAt', 'total'],
    additionalProperties: false,
  })

export const orderPayload = (number: number): string =>
  JSON.stringify({
    id: `order-${number}`,
    placedAt: '2026-05-04T10:00:00Z',
    total: 1999,
    currency: 'EUR',
    customer: { id: `c-${number}`, email: 'jo@example.com' },
    lines: [
      { sku: 'a-1', quantity: 1 },
      { sku: 'b-2', quantity: 3 },
    ],
  })

/** Fifty properties, the cap; `more` adds what a minor may add. */
export function wideSchema(properties: number): Record<string, unknown> {
  const named = Array.from({ length: properties }, (_, n) => [
    `property${n}`,
    { type: 'string', minLength: 1, maxLength: 100 + n, description: `number ${n}` },
  ])
  return { type: 'object', properties: Object.fromEntries(named), required: ['property0'], additionalProperties: false }
}

/** Schemas that registration takes and that are as hard to make ready as its caps allow, by what is hard about them. */
export function hardSchemas(): Record<string, Judged> {
  const named = (count: number, schema: (n: number) => unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, schema(n)]))
  return {
    'fifty properties': judged(wideSchema(50)),
    'letters of all scripts': judged({
      type: 'object',
      properties: named(2, n => ({ pattern: `${n}${'\\p{L}'.repeat(190)}` })),
    }),
    'long patterns': judged({ type: 'object', properties: named(2, n => ({ pattern: `${'\\S'.repeat(480)}${n}` })) }),
    'fifty patterns': judged({
      type: 'object',
      properties: named(50, n => ({ type: 'string', pattern: `^[a-z0-9-]{1,${10 + n}}$` })),
    }),
    'large enum': judged({
      type: 'object',
      properties: { a: { enum: Array.from({ length: 5_000 }, (_, n) => `value ${n}`) } },
    }),
    'five hundred definitions': judged({
      type: 'object',
      $ref: '#/$defs/p0',
      $defs: { ...named(490, n => ({ $ref: `#/$defs/p${n + 1}` })), p490: {} },
    }),
  }
}

type Pair = [old: Record<string, unknown>, next: Record<string, unknown>]

/** Versions whose comparison branches: alternatives of objects, overlapping ones, clauses, constants, doubling references. */
export function hardPairs(): Record<string, Pair> {
  const list = (count: number, schema: (n: number) => unknown) => Array.from({ length: count }, (_, n) => schema(n))
  const text = { type: 'string' }
  const tagged = (n: number, more: object) => ({
    type: 'object',
    properties: { kind: { const: `k${n}` }, x: text, ...more },
    required: ['kind'],
  })
  const root = (schema: object) => ({ type: 'object', properties: { a: schema }, additionalProperties: false })
  const twice = (last: object) => ({
    ...{ type: 'object', $ref: '#/$defs/d0' },
    $defs: Object.fromEntries([
      ...Array.from({ length: 100 }, (_, n) => {
        const next = { $ref: `#/$defs/d${n + 1}` }
        return [`d${n}`, { allOf: [next], properties: { x: next, y: next } }]
      }),
      ['d100', last],
    ]),
  })
  const clauses = (step: number) => ({
    type: 'object',
    allOf: list(30, n => ({
      anyOf: [
        { required: [`p${(n * 7) % 11}`] },
        { not: { required: [`p${(n * step) % 11}`] } },
        { required: [`p${(n * 3 * step) % 11}`] },
      ],
    })),
  })
  const constants = (more: number) =>
    root({ anyOf: list(50, k => ({ enum: list(100, n => `value ${n + k * 50}`), minLength: k + more })) })
  return {
    'alternatives of 40 objects': [
      root({ oneOf: list(40, n => tagged(n, {})) }),
      root({ oneOf: list(40, n => tagged(n, n === 4 ? { y: text } : {})) }),
    ],
    'overlapping alternatives': [
      root({ oneOf: list(12, n => ({ ...tagged(0, {}), minProperties: n })) }),
      root({ oneOf: list(12, n => ({ ...tagged(0, {}), minProperties: n + 1 })) }),
    ],
    clauses: [clauses(5), clauses(4)],
    constants: [constants(0), constants(1)],
    'doubling references': [twice({}), twice(text)],
  }
}
