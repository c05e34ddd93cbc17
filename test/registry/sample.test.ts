import { describe, expect, it } from '@jest/globals'
import { sampleOf } from '../../src/registry/sample.ts'

describe('a sample of a schema', () => {
  it('has examples, defaults and constants where the schema has them, else a value of the type', () => {
    const schema = {
      type: 'object',
      properties: {
        ...{ given: { type: 'string', examples: ['A1'] }, fallback: { default: 7 }, fixed: { const: true } },
        ...{
          one: { enum: ['x', 'y'] },
          time: { type: 'string', format: 'date-time' },
          least: { type: 'integer', minimum: 3 },
        },
        ...{ items: { type: 'array', minItems: 1, items: { type: 'boolean' } }, part: { $ref: '#/$defs/part' } },
        either: { oneOf: [{ type: 'null' }, { type: 'string' }] },
      },
      $defs: { part: { type: 'object', properties: { n: { type: 'number' } } } },
    }
    expect(sampleOf(schema)).toEqual({
      ...{ given: 'A1', fallback: 7, fixed: true, one: 'x', time: '2026-01-01T00:00:00Z', least: 3, items: [false] },
      ...{ part: { n: 0 }, either: null },
    })
  })

  it('ends, however a schema refers to itself', () => {
    const endless = { $ref: '#' }
    expect(sampleOf(endless)).toBeNull()
    const tree = { type: 'object', properties: { child: { $ref: '#' } } }
    expect(JSON.stringify(sampleOf(tree)).length).toBeLessThan(200)
    expect(sampleOf(true)).toBeNull()
  })
})
