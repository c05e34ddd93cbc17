/** The requests that a broker must support, checked once per connection (ApiVersions version 3). */
import { ByteReader } from './byte-reader.ts'
import { CompactReader, compact, flexibleRequest } from './flexible.ts'
import { KafkaError, type WireRequest } from './types.ts'

const API_VERSIONS = 18

/** The newest version of each request that is sent to every broker. Kafka 3.9 supports them all. */
const NEEDED: ReadonlyArray<readonly [name: string, apiKey: number, version: number]> = [
  ['Produce', 0, 11],
  ['Fetch', 1, 17],
  ['ListOffsets', 2, 7],
  ['Metadata', 3, 12],
  ['FindCoordinator', 10, 4],
  ['JoinGroup', 11, 9],
  ['Heartbeat', 12, 4],
  ['LeaveGroup', 13, 5],
  ['SyncGroup', 14, 5],
  ['DescribeGroups', 15, 5],
  ['InitProducerId', 22, 4],
  ['AddPartitionsToTxn', 24, 3],
  ['EndTxn', 26, 3],
]

export type ApiRanges = Map<number, { from: number; to: number }>

/** The versions that the broker supports, by api key; empty when it does not understand even this request. */
export function apiVersionsRequest(): WireRequest<ApiRanges> {
  const body = [compact('clarion'), compact('1')]
  const request = flexibleRequest({
    apiKey: API_VERSIONS,
    apiVersion: 3,
    apiName: 'ApiVersions',
    body,
    decode: () => undefined,
  })
  // The one answer whose header never has tagged fields, so that clients of any age can read it.
  return { ...request, decode: decodeApiVersions }
}

function decodeApiVersions(payload: Buffer): ApiRanges {
  const ranges: ApiRanges = new Map()
  // An older broker answers UNSUPPORTED_VERSION in the form of version 0.
  if (new ByteReader(payload).int16() !== 0) return ranges
  const reader = new CompactReader(payload)
  reader.int16()
  reader.array(() => {
    ranges.set(reader.int16(), { from: reader.int16(), to: reader.int16() })
    reader.tags()
  })
  return ranges
}

/** Throws `UNSUPPORTED_VERSION`, with a sentence, for a broker that is too old (or, one day, too new). */
export function checkVersions(broker: string, ranges: ApiRanges): void {
  for (const [name, apiKey, version] of NEEDED) {
    const range = ranges.get(apiKey)
    if (range && range.from <= version && version <= range.to) continue
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      `The broker ${broker} does not speak ${name} version ${version}: Clarion needs Kafka 3.9 or later.`,
    )
  }
}
