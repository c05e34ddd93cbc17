/**
 * The check of the ledger: enforced counters, recorded rows, meters and ends of logs must agree to the unit, for each
 * organization, environment and month.
 *
 *     counters ──► end of the audit ──► wait until it is recorded ──► compare up to the numbers of the first step
 *
 * Work in flight is never a difference: rows are counted up to the sequence number of the counters, and all of those
 * were written before the end that `record` has passed. Figures without such a bound (meters, the end of the log) are
 * read again before a difference counts.
 */

import type { OrganizationCounters } from '../../topics/admission-counters.ts'
import type { LedgerReads } from '../analytics/read/ledger-reads.ts'
import type { Clock } from '../clock.ts'
import { shardOf } from '../kafka/shards.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Environment } from '../model/environments.ts'
import type { Organization } from '../model/organizations.ts'
import {
  type Account,
  compareCounters,
  compareLogEnd,
  compareMeters,
  expectedRange,
  isDense,
  sequenceFinding,
} from './compare.ts'
import type { DriftNotices } from './drift-notices.ts'
import { type Finding, PLATFORM } from './finding.ts'
import type { KafkaFigures } from './kafka-figures.ts'
import type { LostRecords } from './lost-records.ts'
import type { QueueCheck } from './queue-check.ts'

export interface LedgerReport {
  /** ISO 8601: when the check ended. */
  checkedAt: string
  organizations: number
  consistent: boolean
  findings: Finding[]
  /** Shards that could not be compared, and why. */
  skipped: Array<{ shard: number; reason: string }>
}

export interface Ledger {
  /**
   * Checks the organizations of these shards, or a single one; announces new and resolved findings. Checks do not
   * overlap.
   */
  check(scope: { shards: readonly number[]; organizationId?: string | undefined }): Promise<LedgerReport>
  /** The last check of this process, since it started. */
  last(): LedgerReport | undefined
}

export interface LedgerDeps {
  figures: KafkaFigures
  reads: LedgerReads
  notices: DriftNotices
  queues: QueueCheck
  lost: Pick<LostRecords, 'found'>
  view: Pick<ControlView, 'organizations'>
  shards: number
  clock: Clock
  logger: Logger
}

/** How long a check waits until judged emits are recorded. */
const RECORDED_WITHIN_MS = 30_000
const POLL_MS = 250
/** Reads of a moving figure before its difference counts. */
const TRIES = 8

export function createLedger(deps: LedgerDeps): Ledger {
  const { figures, reads, clock, logger } = deps
  let last: LedgerReport | undefined
  let busy: Promise<unknown> = Promise.resolve()

  async function checkAll(scope: {
    shards: readonly number[]
    organizationId?: string | undefined
  }): Promise<LedgerReport> {
    const findings: Finding[] = []
    const checked: Organization[] = []
    const skipped: LedgerReport['skipped'] = []
    for (const shard of scope.shards) {
      const organizations = organizationsOf(shard, scope.organizationId)
      if (organizations.length === 0) continue
      const found = await checkShard(shard, organizations)
      if (typeof found === 'string') skipped.push({ shard, reason: found })
      else {
        findings.push(...found)
        checked.push(...organizations)
      }
    }
    const owners = checked.map(({ id }) => id)
    if (scope.organizationId === undefined) owners.push(PLATFORM)
    findings.push(...(await deps.lost.found()).filter(({ organizationId }) => owners.includes(organizationId)))
    for (const finding of findings) logger.error({ ...finding }, 'the ledger does not agree')
    await deps.notices.announce(owners, findings)
    const checkedAt = new Date(clock.nowMs()).toISOString()
    last = { checkedAt, organizations: checked.length, consistent: findings.length === 0, findings, skipped }
    return last
  }

  const organizationsOf = (shard: number, only: string | undefined) =>
    [...deps.view.organizations()].filter(
      ({ id, status }) => status !== 'deleted' && (only ?? id) === id && shardOf(id, deps.shards) === shard,
    )

  /** Findings, or the reason why the shard could not be compared. */
  async function checkShard(shard: number, organizations: Organization[]): Promise<Finding[] | string> {
    const counters = await figures.counters(shard)
    const auditEnd = await figures.auditEnd(shard)
    const deadlineMs = clock.monotonicMs() + RECORDED_WITHIN_MS
    while (!(await figures.isRecorded(shard, auditEnd))) {
      if (clock.monotonicMs() >= deadlineMs)
        return `what was judged is not recorded within ${RECORDED_WITHIN_MS / 1000} s`
      await clock.sleep(POLL_MS)
    }
    const findings: Finding[] = []
    for (const organization of organizations) {
      const environments: Environment[] = organization.testEnvironment ? ['live', 'test'] : ['live']
      for (const environment of environments) {
        const account = accountOf(organization, environment, counters.get(organization.id))
        findings.push(
          ...(await checkRecorded(account)),
          ...(await checkMeters(account)),
          ...(await checkLog(shard, account)),
        )
      }
    }
    const owners = new Set(organizations.map(({ id }) => id))
    return [...findings, ...(await deps.queues.check(shard, owners, clock.nowMs()))]
  }

  async function checkRecorded(account: Account): Promise<Finding[]> {
    const { organization, environment, sequence } = account
    const since = account.months.at(-1)?.month ?? monthName(clock.nowMs())
    const recorded = await reads.recordedMonths(organization.id, environment, since, sequence)
    const range = expectedRange(account, recorded, since)
    const findings = compareCounters(account, recorded)
    if (range === undefined || isDense(range, recorded)) return findings
    // Selects by number, whatever the month: around the turn of a month numbers need not follow the time.
    const faults = await reads.sequenceFaults(organization.id, environment, range.first, range.last)
    return faults.length === 0 ? findings : [...findings, sequenceFinding(account, range, faults)]
  }

  /** For this month and the last: older attempts are deleted. */
  async function checkMeters(account: Account): Promise<Finding[]> {
    const findings: Finding[] = []
    for (const { month } of account.months.slice(0, 2)) {
      findings.push(
        ...(await untilStable(async () =>
          compareMeters(account, month, await reads.meteredMonth(account.organization.id, account.environment, month)),
        )),
      )
    }
    return findings
  }

  const checkLog = (shard: number, account: Account): Promise<Finding[]> =>
    untilStable(async () => {
      const logEnd = await figures.logEnd(account.organization, account.environment)
      if (logEnd === undefined || logEnd === account.sequence) return []
      const after = accountOf(
        account.organization,
        account.environment,
        (await figures.counters(shard)).get(account.organization.id),
      )
      return compareLogEnd(account, logEnd, after.sequence)
    })

  /** Compares again while there is a difference: the figure may have moved between two reads. */
  async function untilStable(compare: () => Promise<Finding[]>): Promise<Finding[]> {
    for (let tries = 1; ; tries++) {
      const findings = await compare()
      if (findings.length === 0 || tries >= TRIES) return findings
      await clock.sleep(POLL_MS)
    }
  }

  return {
    check(scope) {
      const checking = busy.then(() => checkAll(scope))
      busy = checking.catch(() => undefined)
      return checking
    },
    last: () => last,
  }
}

function accountOf(
  organization: Organization,
  environment: Environment,
  counters: OrganizationCounters | undefined,
): Account {
  const months = (counters?.months ?? []).map(each => ({ month: monthOfNumber(each.month), count: each[environment] }))
  const sequence = (environment === 'live' ? counters?.sequenceLive : counters?.sequenceTest) ?? 0
  return { organization, environment, sequence, months }
}

/** Of `topics/admission-counters.ts`: `year * 12 + month` with January = 0. */
const monthOfNumber = (number: number): string =>
  `${Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, '0')}`
const monthName = (ms: number): string => new Date(ms).toISOString().slice(0, 7)
