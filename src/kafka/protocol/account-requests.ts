/**
 * Encodes and decodes requests about accounts: AlterUserScramCredentials and DescribeUserScramCredentials version 0,
 * AlterClientQuotas version 1 (Kafka protocol guide).
 */
import {
  type CompactReader,
  compact,
  compactArray,
  flexibleRequest,
  float64,
  int32,
  NO_TAGS,
  type Part,
} from './flexible.ts'
import type { WireRequest } from './wire.ts'

const ALTER_CLIENT_QUOTAS = 49
const DESCRIBE_USER_SCRAM_CREDENTIALS = 50
const ALTER_USER_SCRAM_CREDENTIALS = 51
const SCRAM_SHA_512 = 2
const RESOURCE_NOT_FOUND = 91

export interface ScramCredential {
  name: string
  iterations: number
  salt: Buffer
  saltedPassword: Buffer
}

/** Creates users with these credentials, SCRAM-SHA-512, or replaces the credentials of existing ones. */
export function putScramUsers(credentials: readonly ScramCredential[]): WireRequest<void> {
  const none = compactArray([])
  const all = compactArray(
    credentials.map(({ name, iterations, salt, saltedPassword }) => [
      compact(name),
      Buffer.of(SCRAM_SHA_512),
      int32(iterations),
      compact(salt),
      compact(saltedPassword),
      NO_TAGS,
    ]),
  )
  return request(ALTER_USER_SCRAM_CREDENTIALS, 0, 'AlterUserScramCredentials', [none, all], reader => {
    reader.array(() => {
      const user = reader.string()
      reader.error(`the user ${user}`)
      reader.tags()
    })
  })
}

/** Names of all users that have SCRAM credentials, and the iteration count of each password. */
export function listScramUsers(): WireRequest<Array<{ name: string; iterations: number }>> {
  const all = Buffer.of(0) // a null array
  return request(DESCRIBE_USER_SCRAM_CREDENTIALS, 0, 'DescribeUserScramCredentials', [all], reader => {
    reader.error('the list of users')
    return reader.array(() => {
      const name = reader.string()
      reader.error(`the user ${name}`, RESOURCE_NOT_FOUND)
      const iterations = reader.array(() => {
        reader.int8() // the mechanism
        const each = reader.int32()
        reader.tags()
        return each
      })
      reader.tags()
      return { name, iterations: iterations[0] ?? 0 }
    })
  })
}

/** Client quotas of users, by Kafka's own names; null removes a quota. */
export function alterUserQuotas(
  users: ReadonlyArray<{ name: string; quotas: Record<string, number | null> }>,
): WireRequest<void> {
  const entries = users.map(({ name, quotas }) => [
    compactArray([[compact('user'), compact(name), NO_TAGS]]),
    compactArray(
      Object.entries(quotas).map(([key, value]) => [
        compact(key),
        float64(value ?? 0),
        Buffer.of(value === null ? 1 : 0),
        NO_TAGS,
      ]),
    ),
    NO_TAGS,
  ])
  const validateOnly = Buffer.of(0)
  return request(ALTER_CLIENT_QUOTAS, 1, 'AlterClientQuotas', [compactArray(entries), validateOnly], reader => {
    reader.array(() => {
      reader.error('the quotas of a user')
      reader.array(() => {
        reader.string()
        reader.string()
        reader.tags()
      })
      reader.tags()
    })
  })
}

/** `decode` begins after the throttle time with which every answer starts. */
function request<T>(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Part[],
  decode: (reader: CompactReader) => T,
): WireRequest<T> {
  const afterThrottleTime = (reader: CompactReader) => {
    reader.int32()
    return decode(reader)
  }
  return flexibleRequest({ apiKey, apiVersion, apiName, body, decode: afterThrottleTime })
}
