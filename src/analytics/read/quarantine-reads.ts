/** Reading the quarantine (C.17): what was refused, and the record as it came. */
import type { Finding } from '../../model/codes.ts'
import { readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/records.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'

/** `topic`, `partition`, `offset`: where the record came in. */
export interface QuarantineEntry {
  emitId: string
  code: string
  message: string
  findings: Finding[]
  /** `<namespace>.<name>` as asked for; empty if nothing was. */
  name: string
  recordedAt: string
  topic: string
  partition: number
  offset: number
  /** What was too large to be kept: `value`, `headers`, `key`. */
  leftOut: string[]
}

export interface QuarantinedRecord extends QuarantineEntry {
  key: Buffer | null
  /** In the order of the record. */
  headers: Array<[string, Buffer]>
  /** Null: it had none, or it is left out. */
  payload: Buffer | null
}

export interface QuarantineFilter {
  organizationId: string
  environment: Environment
  code?: string | undefined
  /** ISO 8601: recorded at or after, recorded before. */
  from?: string | undefined
  to?: string | undefined
  /** 1–100. */
  limit: number
  cursor?: string | undefined
}

type Found<Entry> = Omit<Entry, 'findings' | 'key' | 'headers' | 'payload'> & { findings: string }

export function createQuarantineReads(client: AnalyticsClient) {
  const list = readQuery('list-quarantine')
  const one = readQuery('quarantined')
  const entryOf = (found: Found<QuarantineEntry>): QuarantineEntry => ({
    ...found,
    findings: JSON.parse(found.findings) as Finding[],
  })

  return {
    /** Newest first. Throws `validation_failed` for a cursor that is not one. */
    async listQuarantine(filter: QuarantineFilter): Promise<Page<QuarantineEntry>> {
      const { organizationId, environment, code = null, limit, cursor } = filter
      const [before = null] = readCursor('quarantine', cursor) ?? []
      const parameters = { organizationId, environment, code, ...rangeOf(filter), before, limit: limit + 1 }
      const found = await client.query<Found<QuarantineEntry>>(list, parameters)
      return toPage('quarantine', found.map(entryOf), limit, ({ emitId }) => [emitId])
    },

    /** The record with its bytes, or undefined; for 30 days. */
    async quarantinedRecord(
      organizationId: string,
      environment: Environment,
      emitId: string,
    ): Promise<QuarantinedRecord | undefined> {
      type Row = Found<QuarantinedRecord> & { key: string | null; headers: string; payload: string | null }
      const [found] = await client.query<Row>(one, { organizationId, environment, emitId })
      if (found === undefined) return undefined
      const { key, headers, payload, ...entry } = found
      const named = (JSON.parse(headers) as Array<[string, string]>).map(([name, value]): [string, Buffer] => [
        name,
        bytesOf(value),
      ])
      return {
        ...entryOf(entry),
        key: key === null ? null : bytesOf(key),
        headers: named,
        payload: payload === null ? null : bytesOf(payload),
      }
    },
  }
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64')
