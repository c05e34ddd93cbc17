/**
 * Records lost before they were read, or missing from the log afterwards (check `gap`). Later figures would not show
 * it, so a reader reports the gap when it meets one, and it stays a finding for a week.
 */

import { ORGANIZATION_TOPICS } from '../../topics/index.ts'
import type { LedgerReads } from '../analytics/read/ledger-reads.ts'
import type { Clock } from '../clock.ts'
import type { ReadLoss } from '../kafka/read/reader-watch.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Environment } from '../model/environments.ts'
import type { Organization } from '../model/organizations.ts'
import type { DriftNotices } from './drift-notices.ts'
import { type Finding, keyOf, PLATFORM } from './finding.ts'

export interface LostRecords {
  report(loss: ReadLoss): void
  /** The findings of the last week, from all processes. */
  found(): Promise<Finding[]>
}

const SHOWN_MS = 7 * 86_400_000
const ENVIRONMENTS: readonly Environment[] = ['live', 'test']

export function createLostRecords(deps: {
  notices: Pick<DriftNotices, 'detected'>
  reads: Pick<LedgerReads, 'announcedFindings'>
  view: Pick<ControlView, 'organizations'>
  clock: Clock
  logger: Logger
}): LostRecords {
  const { clock, logger } = deps
  /** Of this process; those that could not be announced at once go with the next check. */
  let own: Array<{ finding: Finding; atMs: number }> = []

  return {
    report(loss) {
      const finding = findingOf(loss, deps.view.organizations())
      own.push({ finding, atMs: clock.nowMs() })
      deps.notices.detected(finding).catch(error => {
        logger.warn(
          { error: String(error), topic: loss.topic },
          'lost records are not announced yet; the next check of the ledger does it',
        )
      })
    },
    async found() {
      const sinceMs = clock.nowMs() - SHOWN_MS
      own = own.filter(({ atMs }) => atMs >= sinceMs)
      const announced = (await deps.reads.announcedFindings()).filter(
        ({ data, detectedAt }) => data.check === 'gap' && Date.parse(detectedAt) >= sinceMs,
      )
      const all = [
        ...announced.map(({ organizationId, data }) => ({ ...data, organizationId }) as Finding),
        ...own.map(each => each.finding),
      ]
      return [...new Map(all.map(finding => [keyOf(finding), finding])).values()]
    },
  }
}

function findingOf({ topic, partition, reason, from, to }: ReadLoss, organizations: Iterable<Organization>): Finding {
  const message = `${SENTENCES[reason](`${topic}/${partition}`, from, to)} See "Partitions that cannot be read" in docs/operations.md.`
  return {
    ...ownerOf(topic, organizations),
    check: 'gap',
    month: null,
    expected: from,
    actual: to,
    message,
    topic,
    partition,
    reason,
  }
}

const SENTENCES: Readonly<Record<ReadLoss['reason'], (where: string, from: number, to: number) => string>> = {
  retention: (where, from, to) => `Offsets ${from} to ${to - 1} of ${where} were deleted before they were read.`,
  truncated: (where, from, to) => `${where} was cut at ${to}, after it had been read up to ${from}.`,
  replaced: (where, from) =>
    `The topic of ${where} was deleted and made again; of the former one offsets up to ${from} had been read.`,
}

function ownerOf(
  topic: string,
  organizations: Iterable<Organization>,
): Pick<Finding, 'organizationId' | 'environment'> {
  for (const { id } of organizations)
    for (const environment of ENVIRONMENTS)
      if (ORGANIZATION_TOPICS.some(each => each.nameFor(id, environment) === topic))
        return { organizationId: id, environment }
  return { organizationId: PLATFORM, environment: 'live' }
}
