import type { Headers, OutRecord } from '../../src/kafka/ports.ts'
import { QUARANTINE_HEADERS as HEADERS, quarantine } from '../../topics/quarantine.ts'
import type { Emit, Rejection } from './emit.ts'

/**
 * For the value, and for key and headers: an organization's record may be larger, unpacked, than the broker's limit for
 * a producer.
 */
const BYTES_MAX = 1024 * 1024

/**
 * The record as it came, with the reason for its rejection; the tag never leaves `emits`. A value or headers beyond the
 * limit are left out: the broker would refuse the copy for ever.
 */
export function quarantined(emit: Emit, rejection: Rejection, shard: number): OutRecord {
  const { emitId, record, position } = emit
  const own = ownHeaders(record.headers)
  const leftOut = [
    ...(own.bytes > BYTES_MAX ? ['headers'] : []),
    ...((record.key?.length ?? 0) > BYTES_MAX ? ['key'] : []),
    ...((record.value?.length ?? 0) > BYTES_MAX ? ['value'] : []),
  ]
  const headers: Array<readonly [string, Buffer | string]> = leftOut.includes('headers') ? [] : own.list
  if (record.key && !leftOut.includes('key')) headers.push([HEADERS.key, record.key])
  headers.push(
    [HEADERS.organization, emit.organizationId],
    [HEADERS.code, rejection.code],
    [HEADERS.message, rejection.message],
    [HEADERS.findings, JSON.stringify(rejection.findings ?? [])],
    [HEADERS.name, emit.request.fullName],
    [HEADERS.recordedAt, String(emit.recordedAtMs)],
    [HEADERS.ingress, `${record.topic}/${position.partition}/${position.offset}`],
  )
  if (leftOut.length > 0) headers.push([HEADERS.leftOut, leftOut.join(', ')])
  return {
    topic: quarantine.name,
    partition: shard,
    key: emitId,
    value: leftOut.includes('value') ? null : record.value,
    headers,
  }
}

/** `bytes`: their maximum size. */
function ownHeaders(headers: Headers): { list: Array<[string, Buffer]>; bytes: number } {
  const list = Object.entries(headers).filter(([name]) => !name.startsWith('clarion-'))
  const bytes = list.reduce((sum, [name, value]) => sum + 3 * name.length + (value?.length ?? 0) + 10, 0)
  return { list, bytes }
}
