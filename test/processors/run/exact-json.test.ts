/** What runs read of their scopes: the digits of every number that a double cannot represent. */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { exactJson } from '../../../processors/run/facts.ts'
import { parseJson } from '../../../src/json/json.ts'

/** By the long way. */
function exact(text: string): unknown {
  const read = parseJson(Buffer.from(text), { depthMax: 100, duplicateKeys: 'refuse', exactNumbers: 'all' })
  return read.ok ? read.exact : undefined
}

const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 22 })
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.integer({ min: 1, max: 9 }),
    digits,
    digits,
    fc.constantFrom('', 'e3', 'E-7', 'e400'),
  )
  .map(([sign, first, whole, fraction, exponent]) => `${sign}${first}${whole}.${fraction}${exponent}`)
const space = fc.constantFrom('', ' ', '\n', '\t')

it.each(['9007199254740993', '1e400', '0.10000000000000000555', '-12345678901234567890', '1E5'])('%s', text => {
  for (const around of [`{"a": ${text}}`, `[1,${text}]`, `{"a":[ ${text} ]}`])
    expect(exactJson(around)).toEqual(exact(around))
  expect(JSON.stringify(exactJson(`{"a":${text}}`))).toContain(text === '1E5' ? '100000' : text)
})

it('any number, at any place', () => {
  fc.assert(
    fc.property(number, space, space, (value, before, after) => {
      for (const text of [`{"a":${before}${value}${after}}`, `[0,${before}${value}${after}]`, `[${before}${value}]`])
        expect(JSON.stringify(exactJson(text))).toBe(JSON.stringify(exact(text)))
    }),
  )
})
