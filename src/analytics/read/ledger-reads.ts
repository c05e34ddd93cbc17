/** Reads of the ledger check (docs/specification/usage.md#ledger). Months are UTC, `YYYY-MM`. */
import type { Environment } from '../../model/environments.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'

/** Accepted emits of one month, up to the requested number. */
export interface RecordedMonth {
  month: string
  /** Emits that count against the quota. */
  onQuota: number
  rows: number
  lowest: number
  highest: number
  sumOfSequences: bigint
}

export interface SequenceFault {
  kind: 'missing' | 'repeated'
  first: number
  last: number
}

/** One month counted from its rows and from its meters. */
export interface MeteredMonth {
  emitRows: number
  attemptRows: number
  meteredEmits: number
  meteredAttempts: number
}

/** A finding that was announced and not resolved since. */
export interface AnnouncedFinding {
  organizationId: string
  finding: string
  data: Record<string, unknown>
  detectedAt: string
}

export type LedgerReads = ReturnType<typeof createLedgerReads>

export function createLedgerReads(client: AnalyticsClient) {
  const emits = readQuery('ledger-emits')
  const sequences = readQuery('ledger-sequences')
  const meters = readQuery('ledger-meters')
  const findings = readQuery('ledger-findings')

  return {
    /** Months since `since` that have accepted emits with a sequence number up to `through`. */
    async recordedMonths(
      organizationId: string,
      environment: Environment,
      since: string,
      through: number,
    ): Promise<RecordedMonth[]> {
      const parameters = { organizationId, environment, since: monthNumber(since), through }
      const found = await client.query<
        Omit<RecordedMonth, 'month' | 'sumOfSequences'> & { month: number; sumOfSequences: string }
      >(emits, parameters)
      return found.map(each => ({ ...each, month: monthName(each.month), sumOfSequences: BigInt(each.sumOfSequences) }))
    },

    /** Up to ten ranges of numbers that are missing or duplicate. */
    sequenceFaults(
      organizationId: string,
      environment: Environment,
      from: number,
      through: number,
    ): Promise<SequenceFault[]> {
      return client.query<SequenceFault>(sequences, { organizationId, environment, from, through })
    },

    async meteredMonth(organizationId: string, environment: Environment, month: string): Promise<MeteredMonth> {
      const [found] = await client.query<MeteredMonth>(meters, {
        organizationId,
        environment,
        month: monthNumber(month),
      })
      if (found === undefined) throw new Error('a count without a row')
      return found
    },

    /** The findings of all organizations. */
    async announcedFindings(): Promise<AnnouncedFinding[]> {
      const found = await client.query<Omit<AnnouncedFinding, 'data'> & { data: string }>(findings)
      return found.map(each => ({ ...each, data: JSON.parse(each.data) }))
    },
  }
}

const monthNumber = (month: string): number => Number(month.replace('-', ''))
const monthName = (month: number): string => `${Math.floor(month / 100)}-${String(month % 100).padStart(2, '0')}`
