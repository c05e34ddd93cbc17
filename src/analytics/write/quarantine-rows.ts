/** From a record of the topic `quarantine` to its row. */
import { QUARANTINE_HEADERS as HEADERS } from '../../../topics/quarantine.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import { day } from './rows.ts'
import type { RowBytes } from './table-rows.ts'

const NOTHING = Buffer.alloc(0)

/** Bytes become base64, headers a JSON array of names and values. */
export function quarantineRow({ key, value, headers }: LogRecord): RowBytes {
  const text = (name: string) => headers[name]?.toString('utf8') ?? ''
  const [topic = '', partition, offset] = text(HEADERS.ingress).split('/')
  const recordedAtMs = Number(text(HEADERS.recordedAt))
  const own = Object.entries(headers).filter(([name]) => !name.startsWith('clarion-'))
  const row = {
    organizationId: text(HEADERS.organization),
    environment: 'live',
    emitId: key?.toString() ?? '',
    code: text(HEADERS.code),
    message: text(HEADERS.message),
    findings: text(HEADERS.findings),
    name: text(HEADERS.name),
    // Seconds with their fraction, as text: ClickHouse reads it without loss.
    recordedAt: (recordedAtMs / 1000).toFixed(3),
    topic,
    partition: Number(partition),
    offset: Number(offset),
    key: headers[HEADERS.key]?.toString('base64') ?? null,
    headers: JSON.stringify(own.map(([name, bytes]) => [name, bytes.toString('base64')])),
    payload: value?.toString('base64') ?? null,
    leftOut: text(HEADERS.leftOut).split(', ').filter(Boolean),
  }
  return {
    ...{
      table: 'quarantine',
      partition: day(recordedAtMs),
      format: 'JSONEachRow',
      header: NOTHING,
      rows: 1,
      traced: [],
    },
    bytes: Buffer.from(`${JSON.stringify(row)}\n`),
  }
}
