import { describe, expect, it } from '@jest/globals'
import { parseJson } from '../../src/json/json.ts'
import { check, context, registered, registration, v100 } from './registrations.ts'

describe('a minor of an open model', () => {
  const event = registered(registration('1.0.0', { payloadSchema: { type: 'object', properties: {} } }))
  const grown = { version: '1.1.0', payloadSchema: { type: 'object', properties: { a: { type: 'string' } } } }
  it('is taken with a warning, and refused in an organization with strict compatibility', () => {
    expect(check(grown, { event })).toMatchObject({
      findings: [],
      warnings: [{ path: '/payloadSchema/properties/a', rule: 'open_model_property_added' }],
      proof: false,
    })
    const strict = { ...context.organization, strictCompatibility: true }
    expect(check(grown, { event, organization: strict })).toMatchObject({
      findings: [
        {
          code: 'minor_must_be_backwards_compatible',
          details: [{ path: '/payloadSchema/properties/a', rule: 'open_model_property_added' }],
        },
      ],
      warnings: [],
      proof: false,
    })
  })

  it('and a schema that differs in descriptions alone is proved', () => {
    expect(check({ version: '1.0.1' }, { event: v100 }).proof).toBe(true)
    expect(check({ version: '1.1.0' }, { event: v100 }).proof).toBe(true)
    expect(check({ version: '2.0.0' }, { event: v100 }).proof).toBe(null)
  })
})

describe('a number in a schema', () => {
  const text = (member: string) => `{"type":"object","properties":{"a":${member}}}`
  const findingsOf = (schemaText: string) => {
    const parsed = parseJson(Buffer.from(schemaText), { depthMax: 64, duplicateKeys: 'refuse', exactNumbers: 'all' })
    const { findings } = check({ payloadSchema: parsed.ok && parsed.exact })
    return findings.flatMap(({ code, details = [] }) => details.map(({ path, rule }) => [code, path, rule]))
  }

  it.each([
    ['{"const":9007199254740993}', '/const'],
    ['{"maximum":1e400}', '/maximum'],
    ['{"minimum":1e-400}', '/minimum'],
    ['{"multipleOf":0.1000000000000000055511151231257827}', '/multipleOf'],
    ['{"enum":[1,{"b":[9223372036854775807]}]}', '/enum/1/b/0'],
    ['{"default":12345678901234567890}', '/default'],
    ['{"items":9007199254740993}', '/items'],
  ])('that a double would change is refused with its place: %s', (member, path) => {
    expect(findingsOf(text(member))).toEqual([
      ['invalid_json_schema', `/payloadSchema/properties/a${path}`, 'inexact_number'],
    ])
  })

  it.each([
    '{"const":9007199254740992}',
    '{"maximum":1e20}',
    '{"multipleOf":0.10}',
    '{"maximum":1.7976931348623157e308}',
  ])('that a double keeps is taken: %s', member => expect(findingsOf(text(member))).toEqual([]))
})

describe('an annotation', () => {
  const findings = (words: Record<string, unknown>) =>
    check({ payloadSchema: { type: 'object', properties: { a: words } } }).findings.map(({ code, details }) => [
      code,
      details?.[0]?.path,
    ])

  it.each<[string, unknown]>([
    ['title', 5],
    ['description', {}],
    ['deprecated', 'yes'],
    ['examples', 1],
    ['$comment', 3],
    ['readOnly', 'no'],
    ['writeOnly', 0],
    ['contentEncoding', 8],
    ['contentSchema', 'text'],
    ['externalDocs', 'https://example.com'],
    ['discriminator', {}],
    ['xml', []],
  ])('must be what its meta-schema says: %s is not %j', (word, value) => {
    const [[code, path] = []] = findings({ [word]: value })
    expect([code, path?.startsWith(`/payloadSchema/properties/a/${word}`)]).toEqual(['invalid_json_schema', true])
  })

  it('may be anything where its meta-schema says so, and is no annotation where it is the name of a property', () => {
    expect(
      findings({ default: 5, example: [1], 'x-y': null, examples: [1], title: 't', externalDocs: { url: 'u' } }),
    ).toEqual([])
    expect(findings({ properties: { title: { title: 'a' }, deprecated: true } })).toEqual([])
  })
})
