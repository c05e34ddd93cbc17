/** The 160 bits of an emit's or event's id (`cee_`, `evt_` and 32 characters) as five words, and back. */
import { decode20, encode20 } from '../../../src/model/base32.ts'

const ID_LENGTH = 36
const CHUNKS = 8
const chunks = new Int32Array(CHUNKS)

/** Writes the words at `at`; false, and nothing is written, if the id has another form. */
export function packId(prefix: string, id: string, words: Uint32Array, at: number): boolean {
  if (id.length !== ID_LENGTH || !id.startsWith(prefix)) return false
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const bits = decode20(id, 4 + 4 * chunk)
    if (bits < 0) return false
    chunks[chunk] = bits
  }
  pack(words, at)
  return true
}

const VALUES = new Int8Array(256).fill(-1)
for (let code = 0; code < 128; code++) VALUES[code] = decode20(`000${String.fromCharCode(code)}`, 0)

/** As `packId`, of the 32 characters at `offset` of `bytes`. */
export function packIdBytes(bytes: Uint8Array, offset: number, words: Uint32Array, at: number): boolean {
  let bad = 0
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const from = offset + 4 * chunk
    const [a, b, c, d] = [
      VALUES[bytes[from]!]!,
      VALUES[bytes[from + 1]!]!,
      VALUES[bytes[from + 2]!]!,
      VALUES[bytes[from + 3]!]!,
    ]
    bad |= a | b | c | d
    chunks[chunk] = (a << 15) | (b << 10) | (c << 5) | d
  }
  if (bad < 0) return false
  pack(words, at)
  return true
}

/** The 32 characters. */
export function unpackId(words: Uint32Array, at: number): string {
  const [a, b, c, d, e] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, words[at + 4]!]
  return (
    encode20(a >>> 12) +
    encode20(((a & 0xfff) << 8) | (b >>> 24)) +
    encode20((b >>> 4) & 0xfffff) +
    encode20(((b & 0xf) << 16) | (c >>> 16)) +
    encode20(((c & 0xffff) << 4) | (d >>> 28)) +
    encode20((d >>> 8) & 0xfffff) +
    encode20(((d & 0xff) << 12) | (e >>> 20)) +
    encode20(e & 0xfffff)
  )
}

/** Eight times 20 bits into five times 32. */
function pack(words: Uint32Array, at: number): void {
  const [a, b, c, d] = [chunks[0]!, chunks[1]!, chunks[2]!, chunks[3]!]
  const [e, f, g, h] = [chunks[4]!, chunks[5]!, chunks[6]!, chunks[7]!]
  words[at] = (a << 12) | (b >>> 8)
  words[at + 1] = (b << 24) | (c << 4) | (d >>> 16)
  words[at + 2] = (d << 16) | (e >>> 4)
  words[at + 3] = (e << 28) | (f << 8) | (g >>> 12)
  words[at + 4] = (g << 20) | h
}
