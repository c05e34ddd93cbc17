/** Pure: figures in, findings out. */
import type { MeteredMonth, RecordedMonth, SequenceFault } from '../analytics/read/ledger-reads.ts'
import type { Environment } from '../model/environments.ts'
import type { Organization } from '../model/organizations.ts'
import type { Finding } from './finding.ts'

/** The organization and environment of the figures. */
export interface Account {
  organization: Organization
  environment: Environment
  /** The last sequence number of admission when the counters were read. */
  sequence: number
  /** The enforced counters at the same time, by month, newest first; `month` as `YYYY-MM`. */
  months: Array<{ month: string; count: number }>
}

const about = ({ organization, environment }: Account) => ({ organizationId: organization.id, environment })

/** Compares the enforced counter of each month with its recorded emits. */
export function compareCounters(account: Account, recorded: RecordedMonth[]): Finding[] {
  return account.months.flatMap(({ month, count }) => {
    const audited = recorded.find(each => each.month === month)?.onQuota ?? 0
    if (audited === count) return []
    const message = `The quota counter of ${month} is ${count}, and ${audited} emits are recorded.`
    return [{ ...about(account), check: 'counter', month, expected: count, actual: audited, message }]
  })
}

/** The range of sequence numbers that must be recorded, each once; undefined if there is none. */
export function expectedRange(
  account: Account,
  recorded: RecordedMonth[],
  since: string,
): { first: number; last: number } | undefined {
  if (account.sequence === 0) return undefined
  // An organization younger than the range has all its numbers in it.
  const young = account.organization.createdAt.slice(0, 7) >= since
  if (!young && recorded.length === 0) return undefined
  const lowest = recorded.reduce((low, month) => Math.min(low, month.lowest), account.sequence)
  return { first: young ? 1 : lowest, last: account.sequence }
}

/** Whether count and sum match the whole range: no gap, no duplicate. */
export function isDense({ first, last }: { first: number; last: number }, recorded: RecordedMonth[]): boolean {
  const rows = recorded.reduce((count, month) => count + month.rows, 0)
  const sum = recorded.reduce((total, month) => total + month.sumOfSequences, 0n)
  const expected = last - first + 1
  return rows === expected && sum === ((BigInt(first) + BigInt(last)) * BigInt(expected)) / 2n
}

export function sequenceFinding(
  account: Account,
  range: { first: number; last: number },
  faults: SequenceFault[],
): Finding {
  const named = (kind: SequenceFault['kind']) => faults.filter(fault => fault.kind === kind).map(rangeName)
  const [missing, repeated] = [named('missing'), named('repeated')]
  const parts = [
    ...(missing.length > 0 ? [`${missing.join(', ')} missing`] : []),
    ...(repeated.length > 0 ? [`${repeated.join(', ')} repeated`] : []),
  ]
  return {
    ...about(account),
    ...{ check: 'sequence', month: null, expected: range.last - range.first + 1 },
    actual:
      range.last -
      range.first +
      1 -
      faults.reduce((count, fault) => count + (fault.kind === 'missing' ? fault.last - fault.first + 1 : -1), 0),
    message: `The events ${range.first} to ${range.last} are not recorded once each: ${parts.join('; ')}.`,
    ...{ missing, repeated },
  }
}

const rangeName = ({ first, last }: SequenceFault): string => (first === last ? `${first}` : `${first}-${last}`)

/** Compares each meter with the rows that it counts. */
export function compareMeters(account: Account, month: string, figures: MeteredMonth): Finding[] {
  const { emitRows, meteredEmits, attemptRows, meteredAttempts } = figures
  const findings: Finding[] = []
  const compare = (check: 'usage' | 'attempts', meter: string, expected: number, actual: number) => {
    if (expected === actual) return
    const message = `The meter ${meter} of ${month} is ${actual}, and ${expected} rows are recorded.`
    findings.push({ ...about(account), check, month, expected, actual, message })
  }
  compare('usage', 'emits', emitRows, meteredEmits)
  compare('attempts', 'webhook_attempts', attemptRows, meteredAttempts)
  return findings
}

/** Compares the end of the log with the last assigned number; `logEnd` undefined: retention has emptied the log. */
export function compareLogEnd(account: Account, logEnd: number | undefined, sequenceAfter: number): Finding[] {
  if (logEnd === undefined || (logEnd >= account.sequence && logEnd <= sequenceAfter)) return []
  const expected = logEnd < account.sequence ? account.sequence : sequenceAfter
  const message = `The log ends with the event ${logEnd}, and the last number that was given is ${expected}.`
  return [{ ...about(account), check: 'log', month: null, expected, actual: logEnd, message }]
}
