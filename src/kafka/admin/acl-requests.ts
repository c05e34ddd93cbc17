/** Encodes and decodes ACL requests: DescribeAcls 3, CreateAcls 3, DeleteAcls 3 (Kafka protocol guide). */
import {
  type CompactReader,
  compact,
  compactArray,
  compactNullable,
  flexibleRequest,
  int8,
  NO_TAGS,
  type Part,
} from '../protocol/flexible.ts'
import type { WireRequest } from '../protocol/types.ts'

const DESCRIBE_ACLS = 29
const CREATE_ACLS = 30
const DELETE_ACLS = 31
const ANY = 1

/** As the broker stores it; the numbers are Kafka's. */
export interface AclEntry {
  resourceType: number
  resourceName: string
  patternType: number
  /** `User:<name>`. */
  principal: string
  host: string
  operation: number
  permission: number
}

export function createAclsRequest(entries: readonly AclEntry[]): WireRequest<void> {
  const list = entries.map(entry => [
    int8(entry.resourceType),
    compact(entry.resourceName),
    int8(entry.patternType),
    compact(entry.principal),
    compact(entry.host),
    int8(entry.operation),
    int8(entry.permission),
    NO_TAGS,
  ])
  return flexibleRequest({
    apiKey: CREATE_ACLS,
    apiVersion: 3,
    apiName: 'CreateAcls',
    body: [compactArray(list)],
    decode(reader) {
      reader.int32() // throttle time
      reader.array(() => {
        reader.error('a right cannot be given')
        reader.tags()
      })
    },
  })
}

/** Everything of this principal, or of all. */
const filterOf = (principal: string | null): Part[] => [
  int8(ANY),
  compactNullable(null),
  int8(ANY),
  compactNullable(principal),
  compactNullable(null),
  int8(ANY),
  int8(ANY),
]

export function describeAclsRequest(): WireRequest<AclEntry[]> {
  return flexibleRequest({
    apiKey: DESCRIBE_ACLS,
    apiVersion: 3,
    apiName: 'DescribeAcls',
    body: filterOf(null),
    decode(reader) {
      reader.int32() // throttle time
      reader.error('the rights cannot be read')
      return reader.array(() => decodeResource(reader)).flat()
    },
  })
}

function decodeResource(reader: CompactReader): AclEntry[] {
  const resource = { resourceType: reader.int8(), resourceName: reader.string(), patternType: reader.int8() }
  const entries = reader.array(() => {
    const entry = {
      ...resource,
      principal: reader.string(),
      host: reader.string(),
      operation: reader.int8(),
      permission: reader.int8(),
    }
    reader.tags()
    return entry
  })
  reader.tags()
  return entries
}

/** Removes all permissions of these principals. */
export function deleteAclsRequest(principals: readonly string[]): WireRequest<void> {
  return flexibleRequest({
    apiKey: DELETE_ACLS,
    apiVersion: 3,
    apiName: 'DeleteAcls',
    body: [compactArray(principals.map(principal => [...filterOf(principal), NO_TAGS]))],
    decode(reader) {
      reader.int32() // throttle time
      reader.array(() => {
        reader.error('rights cannot be taken away')
        reader.array(() => {
          reader.error('a right cannot be taken away')
          decodeMatch(reader)
        })
        reader.tags()
      })
    },
  })
}

function decodeMatch(reader: CompactReader): void {
  reader.int8()
  reader.string()
  reader.int8()
  reader.string()
  reader.string()
  reader.int8()
  reader.int8()
  reader.tags()
}
