/**
 * Reads of the quarantine (docs/specification/kafka.md#quarantine): refused records and their reasons, and each record
 * as it was sent.
 */
import type { Finding } from '../../model/codes.ts'
import { readCursor } from '../../model/cursors.ts'
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'
import { rangeOf } from './ranges.ts'

/** `topic`, `partition`, `offset`: the position of the record in the ingress. */
export interface QuarantineEntry {
  emitId: string
  code: string
  message: string
  findings: Finding[]
  /** `<namespace>.<name>` as requested; empty if none. */
  name: string
  recordedAt: string
  topic: string
  partition: number
  offset: number
  /** Parts that were too large to keep: `value`, `headers`, `key`. */
  leftOut: string[]
}

export interface QuarantinedRecord extends QuarantineEntry {
  key: Buffer | null
  /** In the order of the record. */
  headers: Array<[string, Buffer]>
  /** Null: absent from the record, or left out. */
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
    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listQuarantine(filter: QuarantineFilter): Promise<Page<QuarantineEntry>> {
      const { organizationId, environment, code = null, limit, cursor } = filter
      const [before = null] = readCursor('quarantine', cursor) ?? []
      const parameters = { organizationId, environment, code, ...rangeOf(filter), before, limit: limit + 1 }
      const found = await client.query<Found<QuarantineEntry>>(list, parameters)
      return toPage('quarantine', found.map(entryOf), limit, ({ emitId }) => [emitId])
    },

    /** The record with its bytes, or undefined; kept for 30 days. */
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
