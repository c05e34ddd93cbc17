/**
 * The requests by which accounts are kept, to bytes and back: AlterUserScramCredentials and DescribeUserScramCredentials version 0,
 * AlterClientQuotas version 1 (Kafka protocol guide; kafkajs has none of them). All are "flexible": lengths are varints counted from one,
 * and each structure ends with its tagged fields, of which we send none.
 */
import { errorName } from './error-codes.ts'
import { KafkaError, type WireRequest } from './wire.ts'

const ALTER_CLIENT_QUOTAS = 49
const DESCRIBE_USER_SCRAM_CREDENTIALS = 50
const ALTER_USER_SCRAM_CREDENTIALS = 51
const SCRAM_SHA_512 = 2
const RESOURCE_NOT_FOUND = 91
const NO_TAGS = Buffer.of(0)

export interface ScramCredential {
  name: string
  iterations: number
  salt: Buffer
  saltedPassword: Buffer
}

/** Makes users with these credentials, SCRAM-SHA-512, or gives them to those that are there. */
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

/** Names of all users that have SCRAM credentials, and how often each password is hashed. */
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

/** Client quotas of users, by Kafka's own names; null takes a quota away. */
export function alterUserQuotas(users: ReadonlyArray<{ name: string; quotas: Record<string, number | null> }>): WireRequest<void> {
  const entries = users.map(({ name, quotas }) => [
    compactArray([[compact('user'), compact(name), NO_TAGS]]),
    compactArray(
      Object.entries(quotas).map(([key, value]) => [compact(key), float64(value ?? 0), Buffer.of(value === null ? 1 : 0), NO_TAGS]),
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

/** `decode` begins behind the throttle time that every answer starts with. */
function request<T>(
  apiKey: number,
  apiVersion: number,
  apiName: string,
  body: Buffer[],
  decode: (reader: CompactReader) => T,
): WireRequest<T> {
  return {
    apiKey,
    apiVersion,
    apiName,
    // The request header ends with tagged fields too.
    body: Buffer.concat([NO_TAGS, ...body, NO_TAGS]),
    decode(payload) {
      const reader = new CompactReader(payload)
      reader.tags()
      reader.int32()
      // kafkajs looks for a throttle time in whatever was decoded: it must be an object.
      return decode(reader) ?? ({} as T)
    },
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}

function compact(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length + 1), bytes])
}

const compactArray = (items: Buffer[][]): Buffer => Buffer.concat([varint(items.length + 1), ...items.flat()])

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

class CompactReader {
  readonly buffer: Buffer
  at = 0
  constructor(buffer: Buffer) {
    this.buffer = buffer
  }
  private varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.buffer.readUInt8(this.at++)
      value |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return value >>> 0
    }
  }
  int8(): number {
    return this.buffer.readInt8(this.at++)
  }
  int32(): number {
    this.at += 4
    return this.buffer.readInt32BE(this.at - 4)
  }
  /** Empty for null. */
  string(): string {
    const length = Math.max(0, this.varint() - 1)
    this.at += length
    return this.buffer.toString('utf8', this.at - length, this.at)
  }
  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.varint() - 1) }, item)
  }
  tags(): void {
    for (let count = this.varint(); count > 0; count--) {
      this.varint()
      this.at += this.varint()
    }
  }
  /** Error code and message; throws unless it is 0 or the one that is none here. */
  error(of: string, but = 0): void {
    this.at += 2
    const code = this.buffer.readInt16BE(this.at - 2)
    const message = this.string()
    if (code !== 0 && code !== but) throw new KafkaError(errorName(code), `${of}: ${message || errorName(code)}`)
  }
}
