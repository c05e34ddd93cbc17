import { describe, expect, it } from '@jest/globals'
import { createFrameJudge, FRAME_BYTES_MAX, SCRAM_ITERATIONS_MAX } from '../../src/sinks/frames.ts'

function frame(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
const scram = (iterations: number) => frame(`\0\0\0\x01\0\0r=abc,s=QSXCR+Q6sek8bf92,i=${iterations}`)

/** In pieces of this many bytes. */
function judged(stream: Buffer, pieces: number): string | undefined {
  const judge = createFrameJudge()
  for (let at = 0; at < stream.length; at += pieces) {
    const fault = judge(stream.subarray(at, at + pieces))
    if (fault !== undefined) return fault
  }
  return undefined
}

describe('answers of a foreign broker', () => {
  const usual = Buffer.concat([frame('versions'), frame('handshake'), scram(8_192), frame('metadata'.repeat(1_000))])

  it.each([1, 3, 7, 1_000_000])('pass as they are, in pieces of %i bytes', pieces => {
    expect(judged(usual, pieces)).toBeUndefined()
  })

  it.each([1, 5, 1_000_000])('that want too much work for a sign-in are refused, in pieces of %i bytes', pieces => {
    expect(judged(scram(SCRAM_ITERATIONS_MAX), pieces)).toBeUndefined()
    const many = Buffer.concat([frame('versions'), scram(SCRAM_ITERATIONS_MAX + 1)])
    expect(judged(many, pieces)).toContain(`${SCRAM_ITERATIONS_MAX + 1} iterations`)
  })

  it('of too many bytes, or of fewer than none, are refused by their length', () => {
    for (const size of [FRAME_BYTES_MAX + 1, -1]) {
      const length = Buffer.alloc(4)
      length.writeInt32BE(size)
      expect(judged(length, 2)).toContain(`${size} bytes`)
    }
  })
})
