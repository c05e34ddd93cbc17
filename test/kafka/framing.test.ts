import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createFrameReader, requestHeader } from '../../src/kafka/protocol/framing.ts'

function frameOf(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

function read(chunks: Buffer[], bytesMax = 1_000): { frames: Buffer[]; tooLarge: number[] } {
  const frames: Buffer[] = []
  const tooLarge: number[] = []
  const reader = createFrameReader({
    bytesMax: () => bytesMax,
    onFrame: frame => frames.push(frame),
    onTooLarge: bytes => tooLarge.push(bytes),
  })
  for (const chunk of chunks) reader.push(chunk)
  return { frames, tooLarge }
}

describe('frames', () => {
  it('are the same however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 4, maxLength: 40 }), { maxLength: 8 })
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (all, cuts) => {
        const stream = Buffer.concat(all.map(body => frameOf(Buffer.from(body))))
        const chunks: Buffer[] = []
        for (let at = 0, n = 0; at < stream.length; n++) {
          const bytes = cuts[n % cuts.length]!
          chunks.push(stream.subarray(at, at + bytes))
          at += bytes
        }
        expect(read(chunks).frames).toEqual(all.map(body => Buffer.from(body)))
      }),
    )
  })

  it('that come in one piece are not copied', () => {
    const chunk = frameOf(Buffer.from('abcd'))
    expect(read([chunk]).frames[0]!.buffer).toBe(chunk.buffer)
  })

  it.each([1_001, 2_147_483_647, -1, 3])('of %d bytes end the stream, before any memory is taken for it', bytes => {
    const head = Buffer.alloc(4)
    head.writeInt32BE(bytes)
    const { frames, tooLarge } = read([frameOf(Buffer.from('good')), head, frameOf(Buffer.from('late'))])
    expect([frames.map(String), tooLarge]).toEqual([['good'], [bytes]])
  })
})

it('a request begins with its length, kind, version, number and the name of the client', () => {
  const request = { apiKey: 3, apiVersion: 12, apiName: 'Metadata', body: Buffer.from('body'), decode: () => undefined }
  expect(requestHeader(request, 7, Buffer.from('me')).toString('hex')).toBe(
    '00000010' + '0003' + '000c' + '00000007' + '0002' + '6d65',
  )
})
