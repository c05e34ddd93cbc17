/** Text of a schema inside source code, escaped so that it cannot end the comment or literal around it. */

const UNPRINTABLE = /[^\p{L}\p{N}\p{P}\p{S} ]/u

/** A literal of TypeScript (`'`), or of Python and Go (`"`), whose escapes are the same. */
export function quoted(text: string, quote: "'" | '"'): string {
  const characters = [...text].map(character => {
    if (character === quote || character === '\\') return `\\${character}`
    return UNPRINTABLE.test(character) ? escaped(character.codePointAt(0) as number, quote) : character
  })
  return quote + characters.join('') + quote
}

function escaped(codePoint: number, quote: "'" | '"'): string {
  const hex = codePoint.toString(16)
  if (codePoint <= 0xffff) return `\\u${hex.padStart(4, '0')}`
  return quote === "'" ? `\\u{${hex}}` : `\\U${hex.padStart(8, '0')}`
}

/** The lines of a description without invisible characters. */
export function linesOf(description: string | undefined): string[] {
  const lines = (description ?? '').split(/\r\n|[\n\r\u2028\u2029]/).map(line =>
    line
      .replace(/[\p{C}\p{Z}]+/gu, ' ')
      .replaceAll('*/', '* /')
      .trim(),
  )
  while (lines[0] === '') lines.shift()
  while (lines.at(-1) === '') lines.pop()
  return lines
}
