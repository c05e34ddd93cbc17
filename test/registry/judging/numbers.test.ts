/** Payloads are judged by the numbers that were sent, not by the doubles next to them. */
import { describe, expect, it } from '@jest/globals'
import { parseJson } from '../../../src/json/json.ts'
import { createJudge } from '../../../src/registry/validation/judge.ts'
import { countCost } from '../../support/cpu.ts'

const judgeOf = (schema: Record<string, unknown>) => createJudge(schema, { dialect: 'openapi-3.1', formats: 'assert' })
const read = (text: string): unknown => {
  const parsed = parseJson(Buffer.from(text), { depthMax: 32, duplicateKeys: 'refuse' })
  if (!parsed.ok) throw new Error(parsed.findings[0]?.message)
  return parsed.exact
}
const takes = (schema: Record<string, unknown>, text: string) => {
  const [judge, value] = [judgeOf(schema), read(text)]
  expect(judge.findings(value, 20).length === 0).toBe(judge.isValid(value))
  return judge.isValid(value)
}

describe('numbers beyond 2^53', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ const: 9007199254740992 }, '9007199254740992'],
    [{ const: 9007199254740992 }, '9.007199254740992e15'],
    [{ const: 1000 }, '1.0e3'],
    [{ const: 100 }, '100.0'],
    [{ const: 1e20 }, '100000000000000000000'],
    [{ const: { a: [1e20] } }, '{"a":[1e20]}'],
    [{ uniqueItems: true }, '[9007199254740992,9007199254740993]'],
    [{ uniqueItems: true }, '[{"a":9007199254740993},{"a":9007199254740994},{"a":[9007199254740993]}]'],
    [{ uniqueItems: true }, '[1e400,1e401,-1e400]'],
    [{ multipleOf: 3 }, '9007199254740993'],
    [{ multipleOf: 2 }, '123456789012345678901234567890'],
    [{ multipleOf: 0.01 }, '12345678901234567890.17'],
    [{ maximum: 9007199254740992 }, '9007199254740991.9'],
    [{ minimum: 9007199254740992 }, '9007199254740993'],
    [{ exclusiveMinimum: 9007199254740992 }, '9007199254740993'],
    [{ type: 'integer' }, '9007199254740993.0'],
    [{ type: 'integer' }, '123456789012345678901234567890'],
    [{ type: 'number' }, '9007199254740992.5'],
    [{ dependentSchemas: { decimal: false }, unevaluatedProperties: false }, '9007199254740993'],
  ])('%j takes %s', (schema, text) => expect(takes(schema, text)).toBe(true))

  it.each<[Record<string, unknown>, string]>([
    [{ const: 9007199254740992 }, '9007199254740993'],
    [{ enum: [1, 9007199254740992, 'x'] }, '9007199254740993'],
    [{ const: { a: [9007199254740992] } }, '{"a":[9007199254740993]}'],
    [{ uniqueItems: true }, '[9007199254740993,9007199254740993.0]'],
    [{ uniqueItems: true }, '[{"a":9007199254740993},{"a":9007199254740993}]'],
    [{ multipleOf: 2 }, '9007199254740993'],
    [{ multipleOf: 0.01 }, '12345678901234567890.171'],
    [{ multipleOf: 1 }, '1e400'],
    [{ maximum: 9007199254740992 }, '9007199254740993'],
    [{ minimum: 9007199254740992 }, '9007199254740991.9'],
    [{ maximum: 5 }, '1e999999999'],
    [{ type: 'integer' }, '9007199254740992.5'],
    [{ type: 'number' }, '1e400'],
    [{ type: 'integer' }, '1e999999999'],
    [{ type: 'object' }, '9007199254740993'],
    [{ type: 'string' }, '9007199254740993'],
  ])('%j refuses %s', (schema, text) => expect(takes(schema, text)).toBe(false))

  it.each<[Record<string, unknown>, string]>([
    [{ const: 0.1 }, '0.10000000000000001'],
    [{ multipleOf: 0.01 }, '19.989999999999998'],
    [{ type: 'integer' }, '1.00000000000000000001'],
    [{ const: 0 }, '1e-400'],
    [{ multipleOf: 1, maximum: 0 }, '1e-999999999'],
  ])('but %j takes %s, which is judged as the nearest double', (schema, text) => expect(takes(schema, text)).toBe(true))

  it.each<[string, string, boolean]>([
    ['int32', '2147483647', true],
    ['int32', '2147483648', false],
    ['int64', '9223372036854775807', true],
    ['int64', '9223372036854775808', false],
    ['int64', '9223372036854776000', false],
    ['int64', '-9223372036854775808', true],
    ['int64', '-9223372036854775809', false],
    ['int64', '9223372036854775807.0', true],
    ['int64', '9223372036854775806.5', false],
    ['int64', '9.223372036854775807e18', true],
    ['int64', '1e19', false],
    ['int64', '1e400', false],
    ['float', '3.4028235e38', true],
    ['float', '-3.4028235e38', true],
    ['float', '3.4028236e38', false],
    ['float', '-1e39', false],
    ['float', '340282350000000000000000000000000000001', false],
    ['float', '0.1000000000000000055511151231257827', true],
    ['double', '1.7976931348623157e308', true],
    ['double', '1e309', false],
    ['double', '12345678901234567890.1', true],
  ])('the format %s judges %s by its digits: %s', (format, text, expected) =>
    expect(takes({ format }, text)).toBe(expected),
  )

  it('of very many digits under very many keywords are refused before they hold up anybody', () => {
    const alternatives = { anyOf: Array.from({ length: 500 }, (_, at) => ({ multipleOf: 7e-300, maximum: at })) }
    const cost = countCost()
    for (const text of [
      '9'.repeat(250_000),
      `0.${'9'.repeat(250_000)}`,
      `[${'123456789012345678901e280,'.repeat(9_000)}1]`,
    ])
      takes({ ...alternatives, items: alternatives, uniqueItems: true }, text)
    expect(cost()).toBeLessThan(1_000)
  })
})
