/** The release of a foreign broker, by the level of a feature that it speaks. */
import { describe, expect, it } from '@jest/globals'
import { releaseOf, releaseRequest } from '../../src/kafka/protocol/release-request.ts'

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff])
const text = (value: string) => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)])
const NO_TAGS = Buffer.from([0])

/** An answer of ApiVersions 3 with one request, and these features as the field with this tag. */
function answer(features: Array<[name: string, most: number]>, tag = 0): Buffer {
  const listed = features.map(([name, most]) => Buffer.concat([text(name), int16(1), int16(most), NO_TAGS]))
  const value = Buffer.concat([Buffer.from([features.length + 1]), ...listed])
  const head = [int16(0), Buffer.from([2]), int16(18), int16(0), int16(4), NO_TAGS, Buffer.alloc(4)]
  return Buffer.concat([...head, Buffer.from([1, tag, value.length]), value])
}

describe('the release of a broker', () => {
  it('is read from the newest level of metadata.version that it speaks', () => {
    const { decode } = releaseRequest()
    expect(
      decode(
        answer([
          ['kraft.version', 1],
          ['metadata.version', 27],
        ]),
      ),
    ).toEqual({ release: '4.1' })
    expect(decode(answer([['metadata.version', 21]]))).toEqual({ release: '3.9' })
  })

  it('is unknown of a broker that has no such feature, or does not understand the request', () => {
    const { decode } = releaseRequest()
    expect(decode(answer([['group.version', 1]]))).toEqual({ release: null })
    expect(decode(answer([['metadata.version', 30]], 2))).toEqual({ release: null })
    expect(decode(int16(35))).toEqual({ release: null })
  })

  it.each([
    [19, null],
    [20, '3.8'],
    [25, '4.0'],
    [26, '4.1'],
    [29, '4.2'],
    [30, '4.3'],
    [31, '4.4'],
    [40, '4.4 or later'],
  ])('of level %d is %s', (level, release) => expect(releaseOf(level)).toBe(release))
})
