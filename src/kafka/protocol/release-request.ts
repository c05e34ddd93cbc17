/**
 * The release of a broker that somebody else runs. No request answers it, but ApiVersions 3 says up to which level the
 * broker speaks the feature `metadata.version` (KIP-584, KIP-778), and each release has levels of its own.
 */
import { type CompactReader, compact, flexibleRequest, NO_TAGS } from './flexible.ts'
import type { WireRequest } from './types.ts'

const SUPPORTED_FEATURES = 0
const METADATA_VERSION = 'metadata.version'

/** The first level of each release. */
const RELEASES: ReadonlyArray<readonly [level: number, release: string]> = [
  ...([
    [20, '3.8'],
    [21, '3.9'],
    [22, '4.0'],
    [26, '4.1'],
    [28, '4.2'],
    [30, '4.3'],
    [31, '4.4'],
  ] as const),
]
const NEWEST_LEVEL = 31

/** As in `4.1`; null for a broker that does not say, such as one that is no Apache Kafka. */
export function releaseRequest(): WireRequest<{ release: string | null }> {
  const request = flexibleRequest({
    ...{ apiKey: 18, apiVersion: 3, apiName: 'ApiVersions' },
    body: [compact('clarion'), compact('1')],
    decode: reader => ({ release: releaseOf(supportedLevel(reader)) }),
  })
  // The one answer whose header never has tagged fields, so that clients of any age can read it.
  return { ...request, decode: payload => request.decode(Buffer.concat([NO_TAGS, payload])) }
}

export function releaseOf(level: number): string | null {
  if (level > NEWEST_LEVEL) return `${RELEASES.at(-1)![1]} or later`
  return RELEASES.findLast(([first]) => first <= level)?.[1] ?? null
}

/** 0: it does not say. */
function supportedLevel(reader: CompactReader): number {
  let level = 0
  if (reader.int16() !== 0) return level
  reader.array(() => {
    reader.int16() // request
    reader.int16() // from version
    reader.int16() // to version
    reader.tags()
  })
  reader.int32() // throttle time
  reader.tags(tag => {
    if (tag !== SUPPORTED_FEATURES) return
    reader.array(() => {
      const name = reader.string()
      reader.int16() // the lowest level
      const most = reader.int16()
      reader.tags()
      if (name === METADATA_VERSION) level = most
    })
  })
  return level
}
