/** Input at its limits: each limit and one beyond, strange text and numbers. */
import { setTimeout as pause } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from '@jest/globals'
import {
  CUSTOM,
  closed,
  emitText,
  owner,
  placeOf,
  platform,
  template,
  told,
  tried,
  useOwner,
} from './bad-input-setup.ts'

useOwner()

describe('a registration', () => {
  it.each([
    ['a', 'invalid_namespace'],
    ['ab', 'namespace_not_allowed'],
    [`a${'b'.repeat(30)}`, 'namespace_not_allowed'],
    [`a${'b'.repeat(31)}`, 'invalid_namespace'],
    ['a-b_9', 'namespace_not_allowed'],
    ['9ab', 'invalid_namespace'],
    ['aB', 'invalid_namespace'],
    ['a.b', 'invalid_namespace'],
    ['ab\n', 'invalid_namespace'],
    ['äb', 'invalid_namespace'],
    ['', 'invalid_namespace'],
    ['generic', 'reserved_namespace'],
    ['order', 'reserved_namespace'],
    ['__proto__', 'invalid_namespace'],
  ])('of the namespace %j is %s', async (namespace, expected) => {
    expect(await tried({ namespace })).toBe(expected)
  })

  it.each([
    ['a', 'invalid_name'],
    ['ab', 'valid'],
    [`a${'b'.repeat(60)}`, 'valid'],
    [`a${'b'.repeat(61)}`, 'invalid_name'],
    ['a.b-c_d.9', 'valid'],
    ['a.', 'valid'],
    ['.a', 'invalid_name'],
    ['aB', 'invalid_name'],
    ['a b', 'invalid_name'],
    ['ab\n', 'invalid_name'],
    ['constructor', 'valid'],
  ])('of the name %j is %s', async (name, expected) => {
    expect(await tried({ name })).toBe(expected)
  })

  it.each([
    ['0.1.0', 'valid'],
    ['0.0.1', 'version_invalid_jump'],
    ['2.0.0', 'version_invalid_jump'],
    ['1.0', 'invalid_version_format'],
    ['1.0.0.0', 'invalid_version_format'],
    ['01.0.0', 'invalid_version_format'],
    ['1.0.0-rc.1', 'invalid_version_format'],
    ['1.0.0+build', 'invalid_version_format'],
    ['v1.0.0', 'invalid_version_format'],
    [' 1.0.0', 'invalid_version_format'],
    ['1.0.0\n', 'invalid_version_format'],
    ['１.0.0', 'invalid_version_format'],
    ['99999999999999999999.0.0', 'invalid_version_format'],
    ['', 'invalid_version_format'],
  ])('of the version %j is %s', async (version, expected) => {
    expect(await tried({ version })).toBe(expected)
  })

  const nested = (levels: number): object => (levels === 1 ? { type: 'string' } : closed({ a: nested(levels - 1) }))
  const wide = (count: number) => closed(Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, {}])))
  const long = (bytes: number) => {
    const empty = JSON.stringify({ ...closed({}), description: '' }).length
    return { ...closed({}), description: 'x'.repeat(bytes - empty) }
  }
  it.each([
    ['5 levels', () => nested(5), 'valid'],
    ['6 levels', () => nested(6), 'schema_too_deep'],
    ['50 properties', () => wide(50), 'valid'],
    ['51 properties', () => wide(51), 'schema_too_wide'],
    ['64 KB', () => long(64 * 1024), 'valid'],
    ['64 KB and a byte', () => long(64 * 1024 + 1), 'schema_too_wide'],
    ['itself in it', () => ({ ...closed({ a: { $ref: '#' } }) }), 'schema_too_deep'],
    ['a remote reference', () => closed({ a: { $ref: 'https://example.com/x.json' } }), 'invalid_json_schema'],
    ['no object', () => 'string', 'invalid_json_schema'],
    ['an array', () => [], 'invalid_json_schema'],
    ['null', () => null, 'invalid_json_schema'],
    ['a root that is no object', () => ({ type: 'array' }), 'invalid_json_schema'],
    [
      'a member that objects have by themselves',
      () => JSON.parse('{"type":"object","properties":{"__proto__":{}}}'),
      'invalid_json_schema',
    ],
    ['an open pattern', () => closed({ a: { type: 'string', pattern: '(' } }), 'invalid_json_schema'],
  ])('of a schema with %s is judged', async (_, payloadSchema, expected) => {
    expect(await tried({ payloadSchema: payloadSchema() })).toBe(expected)
  })

  it('with a number that a double cannot carry is refused with its place, in a registration and in a dry run', async () => {
    const path = '/payloadSchema/properties/a/const'
    for (const number of ['9007199254740993', '1e400', '0.1000000000000000055511151231257827']) {
      const text = JSON.stringify(template({ payloadSchema: closed({ a: { const: 0 } }) })).replace(
        '"const":0',
        `"const":${number}`,
      )
      const made = await owner.call('POST', CUSTOM, text)
      expect([made.status, told(made), placeOf(made)]).toEqual([400, 'invalid_json_schema', path])
      const dry = await owner.call<{ errors: string[]; findings: Array<{ path: string }> }>(
        'POST',
        `${CUSTOM}/dry-run`,
        text,
      )
      expect([dry.data.errors, dry.data.findings[0]?.path]).toEqual([['invalid_json_schema'], path])
    }
    const example = JSON.stringify(template({ payloadExample: { a: 0 } })).replace('"a":0', '"a":9007199254740993')
    const refused = await owner.call('POST', CUSTOM, example)
    expect([refused.status, told(refused), placeOf(refused)]).toEqual([400, 'validation_failed', '/payloadExample/a'])
  })

  it('with a key twice, too deep or too large is refused before anything is made of it', async () => {
    const twice = await owner.call('POST', CUSTOM, '{"namespace":"a","namespace":"b"}')
    expect([twice.status, twice.code]).toEqual([400, 'validation_failed'])
    const deep = `{"payloadSchema":${'['.repeat(50_000)}${']'.repeat(50_000)}}`
    expect(told(await owner.call('POST', CUSTOM, deep))).toBe('validation_failed')
    const large = await owner.call(
      'POST',
      CUSTOM,
      JSON.stringify(template({ description: 'x'.repeat(10 * 1024 * 1024) })),
    )
    expect([large.status, large.code]).toEqual([413, 'payload_too_large'])
    for (const body of ['', 'null', '[]', '"text"', '{', '{"a":1,}', "{'a':1}", '\uFEFF{}'])
      expect(told(await owner.call('POST', CUSTOM, body))).toBe('validation_failed')
  })
})

describe('a command that is stored', () => {
  it('with a number beyond 2^53 that a double would change is refused with its place', async () => {
    const condition = (value: string) =>
      `{"conditions":{"all":[{"path":"payload.n","operator":"equals","value":${value}}]}}`
    for (const value of ['9007199254740993', '-12345678901234567890', '1e400']) {
      const refused = await owner.call('POST', '/api/v1/webhooks', condition(value))
      expect([refused.status, told(refused), placeOf(refused)]).toEqual([
        400,
        'validation_failed',
        '/conditions/all/0/value',
      ])
    }
    const kept = await owner.call('POST', '/api/v1/webhooks', condition('9007199254740992'))
    expect([told(kept), placeOf(kept)]).not.toContain('/conditions/all/0/value')
  })
})

describe('an emit', () => {
  beforeAll(async () => {
    const properties = {
      short: { type: 'string', maxLength: 64 },
      n: { type: 'number' },
      max: { maximum: 9007199254740992 },
    }
    const open = template({ name: 'any', status: 'published', payloadSchema: { type: 'object', properties } })
    const shut = template({ name: 'shut', status: 'published', payloadSchema: closed(properties) })
    for (const body of [open, shut]) expect((await owner.call('POST', CUSTOM, body)).status).toBe(201)
  })

  const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
  it.each([
    ['262,144 bytes', () => `{"a":"${'x'.repeat(262_144 - 8)}"}`, 202],
    ['262,145 bytes', () => `{"a":"${'x'.repeat(262_144 - 7)}"}`, 'payload_too_large'],
    ['as many characters of four bytes', () => `{"a":"${'😀'.repeat(65_536)}"}`, 'payload_too_large'],
    ['32 levels', () => nested(32), 202],
    ['33 levels', () => nested(33), 'payload_invalid'],
    ['40,000 levels', () => nested(40_000), 'payload_invalid'],
    ['64 characters of four bytes', () => `{"short":"${'😀'.repeat(64)}"}`, 202],
    ['65 characters of four bytes', () => `{"short":"${'😀'.repeat(65)}"}`, 'payload_invalid'],
    ['a key twice', () => '{"a":1,"b":{"c":1,"c":2}}', 'payload_invalid'],
    ['a key twice, once as an escape', () => '{"a":1,"\\u0061":2}', 'payload_invalid'],
    ['__proto__', () => '{"__proto__":{"admin":true}}', 202],
    ['constructor and prototype', () => '{"constructor":{"prototype":{"x":1}},"toString":1}', 202],
    [
      'numbers beyond double precision',
      () => '{"n":123456789012345678901234567890,"m":0.1000000000000000055511151231257827}',
      202,
    ],
    ['a number beyond double range, where a number is asked for', () => '{"n":1e400}', 'payload_invalid'],
    ['a number beyond double range, where nothing is asked', () => '{"m":1e400}', 202],
    ['a number below double range', () => '{"n":1e-400}', 202],
    ['a number that its bound refuses by the last digit', () => '{"max":9007199254740993}', 'payload_invalid'],
    ['the bound itself', () => '{"max":9007199254740992}', 202],
    ['minus zero', () => '{"n":-0}', 202],
    ['a lone surrogate', () => '{"a":"\\ud800"}', 202],
    ['a null character', () => '{"a":"\\u0000"}', 202],
    ['a number as text', () => '{"n":"1"}', 'payload_invalid'],
    ['an array', () => '[]', 'payload_invalid'],
    ['null', () => 'null', 'payload_invalid'],
    ['text', () => '"{}"', 'payload_invalid'],
  ])('of a payload with %s is answered', async (_, payload, expected) => {
    expect(told(await emitText(payload()))).toBe(expected)
  })

  it('of a closed schema cannot carry __proto__ past it', async () => {
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const refused = await owner.call(
        'POST',
        `${CUSTOM}/emit`,
        `{"name":"${owner.slug}.shut","payload":{"${key}":{}}}`,
      )
      expect([key, told(refused)]).toEqual([key, 'payload_invalid'])
    }
  })

  it.each([
    ['idempotencyKey', 'k'.repeat(255), 202],
    ['idempotencyKey', 'k'.repeat(256), 'validation_failed'],
    ['idempotencyKey', 'tab\\u0009', 'validation_failed'],
    ['subject', '😀'.repeat(255), 202],
    ['subject', '😀'.repeat(256), 'validation_failed'],
    ['subject', '', 'validation_failed'],
    ['correlationId', 'c'.repeat(255), 202],
    ['time', '2026-02-30T00:00:00Z', 'validation_failed'],
    ['version', '1.0.0', 202],
    ['version', '1.0', 'event_not_registered'],
    ['version', 'v1.0.0', 'event_not_registered'],
  ])('with its %s (%#) is answered', async (field, value, expected) => {
    expect(told(await emitText('{}', `,"${field}":"${value}"`))).toBe(expected)
  })

  it('keeps its input, byte for byte', async () => {
    const payload = '{ "n": 123456789012345678901234567890, "z":1.0e2 ,"__proto__":7,"u":"\\u00e9é" }'
    const answer = (await emitText(payload)) as { data: { eventId?: string } }
    const path = `${platform.base}/api/v1/events/${answer.data.eventId}`
    let text = ''
    for (let tries = 0; tries < 100 && !text.includes('"success":true'); tries++) {
      text = await (await fetch(path, { headers: { 'x-api-key': owner.apiKey } })).text()
      await pause(50)
    }
    expect(text).toContain(`"payload":${payload}`)
  })

  it('of 10 MB is refused and the connection goes on; a batch is bounded in items and bytes', async () => {
    expect(told(await emitText(`{"a":"${'x'.repeat(10 * 1024 * 1024)}"}`))).toBe('payload_too_large')
    const batch = (items: unknown[]) => owner.call('POST', `${CUSTOM}/emit/batch`, { items })
    const item = (pad: number) => ({ name: `${owner.slug}.any`, payload: { a: 'x'.repeat(pad) } })
    expect(told(await batch(Array(1_001).fill(item(1))))).toBe('validation_failed')
    expect(told(await batch(Array(20).fill(item(250_000))))).toBe('payload_too_large')
    expect(told(await batch([]))).toBe('validation_failed')
    expect(told(await emitText('{}'))).toBe(202)
  })
})
