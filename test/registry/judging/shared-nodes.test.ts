import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { createJudge } from '../../../src/registry/validation/judge.ts'
import { newNode } from '../../../src/registry/validation/node.ts'
import { createSharedNodes } from '../../../src/registry/validation/shared-nodes.ts'
import { createValidators } from '../../../src/registry/validators.ts'
import { eventSchema, payloads } from '../schema-pairs.ts'

const nodeOf = (schema: SchemaObject, shared = createSharedNodes(10)) => shared.get(schema, newNode)

describe('schemas that share nodes', () => {
  it('judge as they do alone', () => {
    const options = { dialect: 'json-schema-2020-12', formats: 'assert' } as const
    const shared = createSharedNodes(50)
    let told = 0
    fc.assert(
      fc.property(eventSchema, payloads, (schema, values) => {
        const [alone, together] = [createJudge(schema, options), createJudge(schema, { ...options, shared })]
        for (const value of values) {
          const findings = alone.findings(value, 20)
          told += findings.length
          expect(together.findings(value, 20)).toEqual(findings)
        }
      }),
      { numRuns: 800 },
    )
    expect(told).toBeGreaterThan(1_000)
  })

  it('share parts that are equal but for annotations, and none that depends on its place', () => {
    const shared = createSharedNodes(10)
    const money = { type: 'object', properties: { amount: { type: 'integer' } }, required: ['amount'] }
    expect(nodeOf({ ...money, description: 'a' }, shared)).toBe(nodeOf({ ...money, title: 'b' }, shared))
    expect(nodeOf({ type: 'string' }, shared)).not.toBe(nodeOf({ type: 'integer' }, shared))
    for (const own of [
      { $ref: '#/a' },
      { $id: 'a' },
      { pattern: 'a' },
      { not: {} },
      { properties: { a: { $dynamicAnchor: 'a' } } },
      { items: { anyOf: [{}] } },
    ]) {
      expect(nodeOf(own)).toBeUndefined()
    }
    expect(nodeOf({ enum: Array.from({ length: 500 }, (_, n) => n) })).toBeUndefined()
  })

  it('do so within one flavour alone', () => {
    const validators = createValidators({ cacheMax: 10 })
    const payloadSchema = { properties: { a: { type: 'integer', example: 1 } } }
    expect(validators.compile(payloadSchema, 'openapi-3.1').ok).toBe(true)
    expect(validators.compile(payloadSchema, 'json-schema-2020-12').ok).toBe(false)
  })
})
