import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findJsonFault } from '../../src/api/http/json-fault.ts'

const parses = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('the place of a JSON fault', () => {
  it.each([
    ['', 0],
    ['{"a": }', 6],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ["{'a':1}", 1],
    ['{"a" 1}', 5],
    ['tru', 0],
    ['01', 0],
    ['1.', 0],
    ['{"a":"x\ny"}', 5],
    ['{} {}', 3],
    ['[}', 1],
  ])('of %j is %d', (text, position) => {
    expect(findJsonFault(text)?.position).toBe(position)
  })

  it('is located by line and column, too', () => {
    expect(findJsonFault('{\n  "a": 1,\n  b\n}')).toEqual({ position: 14, line: 3, column: 3, found: '"b"' })
    expect(findJsonFault('[')).toMatchObject({ found: 'end' })
  })

  it('is there exactly when JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (json, at, noise) => {
        const cut = at % (json.length + 1)
        for (const text of [
          json,
          json.slice(0, cut),
          json.slice(0, cut) + noise + json.slice(cut),
          json.slice(0, cut) + json.slice(cut + 1),
        ]) {
          expect([text, findJsonFault(text) === undefined]).toEqual([text, parses(text)])
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is found at any depth and in any length', () => {
    expect(findJsonFault(`${'['.repeat(200_000)}x`)?.position).toBe(200_000)
    expect(findJsonFault(`["${'x\\n'.repeat(200_000)}",]`)?.position).toBe(600_004)
    expect(findJsonFault(`["${'x'.repeat(300_000)}`)?.position).toBe(1)
    expect(findJsonFault(`["${'x\\n'.repeat(100_000)}\n`)?.position).toBe(1)
    expect(findJsonFault(`[${'1'.repeat(300_000)}x`)?.position).toBe(1)
  })
})
