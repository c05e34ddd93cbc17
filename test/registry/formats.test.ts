import { describe, expect, it } from '@jest/globals'
import { createValidators } from '../../src/registry/validators.ts'
import { countCost } from '../support/cpu.ts'

const validators = createValidators({ cacheMax: 40 })
const holds = (format: string, a: string): boolean => {
  const payloadSchema = { type: 'object', properties: { a: { format } } }
  return (
    validators.validate({ schemaHash: format, payloadSchema, schemaFlavour: 'json-schema-2020-12' }, { a }).length === 0
  )
}

describe('formats', () => {
  it.each([
    ['date-time', '2026-05-04T10:00:00.123456789012345Z'],
    ['date-time', '1998-12-31T15:59:60.123-08:00'],
    ['date', '2024-02-29'],
    ['time', '23:59:60Z'],
    ['duration', 'P4DT12H30M5S'],
    ['duration', 'P2W'],
    ['email', 'joe.bloggs+tag@example.com'],
    ['email', '"joe @ bloggs"@example.com'],
    ['email', 'joe@[IPv6:::1]'],
    ['hostname', 'xn--4gbwdl.xn--wgbh1c'],
    ['ipv4', '127.0.0.1'],
    ['ipv6', '::ffff:192.168.0.1'],
    ['uri', 'http://user:pw@[2001:db8::7]:8080/a;b=c?d=/#e?'],
    ['uri', 'urn:oasis:names'],
    ['uri-reference', '../a?b#c'],
    ['uri-reference', ''],
    ['uri-template', 'http://example.com/{+path:3}{?q,lang*}'],
    ['uuid', '2EB8AA08-aa98-11ea-b4aa-73b441d16380'],
    ['json-pointer', '/a~0b/~1'],
    ['relative-json-pointer', '1/a'],
    ['regex', '^[a-z]+$'],
  ])('%s takes %s', (format, text) => expect(holds(format, text)).toBe(true))

  it.each([
    ['date-time', '2026-05-04'],
    ['date-time', '2026-05-04T10:00:00'],
    ['date-time', '2026-05-04T24:00:00Z'],
    ['date-time', '2026-05-04T10:00:60Z'],
    ['date-time', '1985-04-12T23:20:50+01'],
    ['date', '2025-02-29'],
    ['date', '2026-13-01'],
    ['time', '10:00'],
    ['duration', 'P1Y2D'],
    ['duration', 'P'],
    ['duration', 'PT'],
    ['email', 'joe..bloggs@example.com'],
    ['email', 'joe@bloggs@example.com'],
    ['email', 'joe'],
    ['hostname', 'example.'],
    ['hostname', '-a.example'],
    ['hostname', 'xn--X'],
    ['ipv4', '127.0.0.01'],
    ['ipv6', 'fe80::1%eth0'],
    ['uri', '//example.com/a'],
    ['uri', 'http://example.com:abc/'],
    ['uri', 'http://[::ffff:01.2.3.4]'],
    ['uri', 'http://a b'],
    ['uri-reference', '1:b'],
    ['uri-reference', 'a"b'],
    ['uri-template', '{a'],
    ['uuid', 'urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380'],
    ['json-pointer', '/a~2'],
    ['relative-json-pointer', '01'],
    ['regex', '^(abc]'],
  ])('%s refuses %s', (format, text) => expect(holds(format, text)).toBe(false))

  it('judge texts as long as a payload may be, made to be come back to, in the time it takes to read them', () => {
    const formats = [
      'date-time',
      'date',
      'time',
      'duration',
      'email',
      'hostname',
      'ipv4',
      'ipv6',
      'uri',
      'uri-reference',
      'uri-template',
      'uuid',
      'json-pointer',
      'relative-json-pointer',
      'regex',
    ]
    const parts = [
      'a',
      '1',
      '/',
      'a.',
      '1Y',
      '%41',
      'a@',
      '"\\a',
      '{a}',
      '[',
      ':',
      '~0',
      'P1',
      '-',
      '(',
      '::',
      '\u00e9',
    ]
    const heads = ['', 'a:', 'a://', 'P', '"', '{', '1/', 'a@']
    const cost = countCost()
    for (const format of formats)
      for (const head of heads)
        for (const part of parts) holds(format, `${head}${part.repeat(260_000 / part.length)}\u0001`)
    expect(cost()).toBeLessThan(1_000)
  })
})
