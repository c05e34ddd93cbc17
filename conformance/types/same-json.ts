/** Whether two texts are the same JSON: members in any order, numbers by their value and not by how they are written. */
import { isDeepStrictEqual } from 'node:util'
import { readJson } from '../../src/json/read-json.ts'

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** `doubles`: numbers are compared as JavaScript reads them; else every digit counts. */
export function sameJson(a: string, b: string, { doubles = false } = {}): boolean {
  const digitsOf = doubles ? (source: string) => decimal(String(Number(source))) : decimal
  const tagged = (token: string): string => (token.startsWith('"') ? token : `{"number":"${digitsOf(token)}"}`)
  const read = (text: string): unknown => readJson(text.replace(STRING_OR_NUMBER, tagged))
  return isDeepStrictEqual(read(a), read(b))
}

/** Digits without zeros around them, and the power of ten that they are counted in. */
function decimal(source: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
