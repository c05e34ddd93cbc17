/**
 * HalfSipHash-1-3 (Aumasson and Bernstein; Linux uses it for its hash tables) of four 32-bit words. Without the secret,
 * keys that collide in a table cannot be chosen.
 */

/** 64 bits. */
export interface HashSecret {
  k0: number
  k1: number
}

export const hashSecret = (bytes: Buffer): HashSecret => ({ k0: bytes.readInt32LE(0), k1: bytes.readInt32LE(4) })

const V2 = 0x6c796765
const V3 = 0x74656462
/** The length of the input, 16 bytes, in the position that the algorithm prescribes. */
const LAST = 16 << 24

/** A signed 32-bit hash of `words[at]` to `words[at + 3]`. */
export function keyedHash({ k0, k1 }: HashSecret, words: Uint32Array, at: number): number {
  let v0 = k0
  let v1 = k1
  let v2 = V2 ^ k0
  let v3 = V3 ^ k1
  for (let step = 0; step < 8; step++) {
    const word = step < 4 ? words[at + step]! | 0 : step === 4 ? LAST : 0
    if (step === 5) v2 ^= 0xff
    v3 ^= word
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= word
  }
  return v1 ^ v3
}
