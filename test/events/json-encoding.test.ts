import { describe, expect, it } from '@jest/globals'
import { parseJson } from '../../src/json/json.ts'
import { encodingFault } from '../../src/json/json-encoding.ts'

const text = '{"name":"a.b","payload":{}}'
const utf16be = (of: string) => Buffer.from(of, 'utf16le').swap16()
const utf32le = Buffer.from([...text].flatMap(each => [each.charCodeAt(0), 0, 0, 0]))

describe('the encoding of JSON', () => {
  it.each<[string, Buffer, RegExp]>([
    ['a byte order mark', Buffer.from(`\ufeff${text}`), /begins with a byte order mark \(BOM\): send UTF-8 without it/],
    ['nothing but a byte order mark', Buffer.from('\ufeff'), /byte order mark/],
    ['UTF-16, little end first, marked', Buffer.from(`\ufeff${text}`, 'utf16le'), /UTF-16.*send UTF-8/],
    ['UTF-16, big end first, marked', utf16be(`\ufeff${text}`), /UTF-16.*send UTF-8/],
    ['UTF-16, little end first', Buffer.from(text, 'utf16le'), /UTF-16.*send UTF-8/],
    ['UTF-16, big end first', utf16be(text), /UTF-16.*send UTF-8/],
    ['UTF-32', utf32le, /UTF-32.*send UTF-8/],
    ['Latin-1', Buffer.from('{"a":"\u00e9"}', 'latin1'), /not UTF-8: send UTF-8/],
  ])('is named where it is wrong: %s', (_, bytes, expected) => {
    expect(encodingFault(bytes)).toMatch(expected)
    const parsed = parseJson(bytes, { depthMax: 9, duplicateKeys: 'refuse' })
    expect(parsed).toMatchObject({
      ok: false,
      findings: [{ rule: 'not_json', message: expect.stringMatching(expected) }],
    })
  })

  it.each(['', '{', '{\u0000"a":1}', '{"a":"\u0000"}', 'nul', '7'])('is not blamed for another fault: %j', each => {
    expect(encodingFault(Buffer.from(each))).toBeUndefined()
  })
})
