import type { Headers, OutRecord } from '../../src/kafka/ports.ts'
import { quarantine } from '../../topics/quarantine.ts'
import type { Emit, Rejection } from './emit.ts'

/** Of the value, and of the headers: an organization's record may be larger, unpacked, than what the broker takes from us. */
const BYTES_MAX = 1024 * 1024

/**
 * The record as it came, with why it was rejected; the tag never leaves `emits`. A value or headers beyond the bound are left out: a copy
 * that the broker refuses would be tried for ever.
 */
export function quarantined({ emitId, organizationId, record, place }: Emit, rejection: Rejection, shard: number): OutRecord {
  const own = ownHeaders(record.headers)
  const tooLarge = { headers: own.bytes > BYTES_MAX, value: (record.value?.length ?? 0) > BYTES_MAX }
  const headers: Array<[string, Buffer | string]> = tooLarge.headers ? [] : own.list
  headers.push(
    ['clarion-organization', organizationId],
    ['clarion-code', rejection.code],
    ['clarion-findings', JSON.stringify(rejection.findings ?? [])],
    ['clarion-ingress', `${record.topic}/${place.partition}/${place.offset}`],
  )
  if (tooLarge.headers || tooLarge.value)
    headers.push(['clarion-left-out', tooLarge.headers ? (tooLarge.value ? 'headers, value' : 'headers') : 'value'])
  return { topic: quarantine.name, partition: shard, key: emitId, value: tooLarge.value ? null : record.value, headers }
}

/** `bytes`: what they take at most. */
function ownHeaders(headers: Headers): { list: Array<[string, Buffer]>; bytes: number } {
  const list = Object.entries(headers).filter(([name]) => !name.startsWith('clarion-'))
  const bytes = list.reduce((sum, [name, value]) => sum + 3 * name.length + (value?.length ?? 0) + 10, 0)
  return { list, bytes }
}
