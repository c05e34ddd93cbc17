/**
 * Crockford's base32 in lower case: digits and letters without i, l, o, u; the text sorts like the bits that it
 * encodes.
 */

export const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Two characters for each ten bits: half as many look-ups as one character per five bits. */
const PAIRS: readonly string[] = Array.from(
  { length: 1024 },
  (_, bits) => ALPHABET.charAt(bits >> 5) + ALPHABET.charAt(bits & 31),
)

const VALUES = new Int8Array(128).fill(-1)
for (let value = 0; value < 32; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** Four characters for the low 20 bits of `word`. */
export function encode20(word: number): string {
  return (PAIRS[(word >>> 10) & 1023] as string) + (PAIRS[word & 1023] as string)
}

/** The 20 bits of the four characters at `at`; negative if one of them is not in the alphabet. */
export function decode20(text: string, at: number): number {
  let word = 0
  let bad = 0
  for (let i = at; i < at + 4; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? (VALUES[code] as number) : -1
    bad |= value
    word = (word << 5) | (value & 31)
  }
  return bad < 0 ? -1 : word
}
