/**
 * Findings as lifecycle events (`DRIFT_DETECTED`, `DRIFT_RESOLVED`) in the audit trail of their organization. Each is
 * announced when first found and when resolved; open ones are read back from the audit, so that they survive a restart.
 */

import { auditChanges, auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import type { LedgerReads } from '../analytics/read/ledger-reads.ts'
import type { Drift } from '../control-plane/drift/drift.ts'
import type { Announce, Announcement, Caller } from '../control-plane/store/announce.ts'
import type { Lifecycle } from '../control-plane/store/lifecycle.ts'
import type { Appender } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { Observation } from '../model/drift.ts'
import { noticeOfChange } from '../notifications/change-notices.ts'
import { noticeRecord } from '../notifications/notices.ts'
import { type Finding, keyOf, PLATFORM } from './finding.ts'

export interface DriftNotices {
  /** Announces a finding at once, whatever the next check finds. */
  detected(finding: Finding): Promise<void>
  /** `checked`: the organizations that were compared; open findings of others stay open. */
  announce(checked: readonly string[], findings: readonly Finding[]): Promise<void>
}

const CALLER: Caller = { actorId: 'system', requestId: '' }

export function createDriftNotices(deps: {
  reads: Pick<LedgerReads, 'announcedFindings'>
  appender: Pick<Appender, 'append'>
  announce: Announce
  lifecycle: Pick<Lifecycle, 'announce'>
  drift: Pick<Drift, 'look'>
  shards: number
}): DriftNotices {
  /** Announced by this process: the audit shows it a moment later. */
  const announced = new Map<string, 'open' | 'resolved'>()
  const nameOf = (organizationId: string, key: string) => `${organizationId} ${key}`

  /** Written by the platform itself: there is no request. */
  async function write(announcement: Announcement): Promise<void> {
    const row: ChangeRow = { ...deps.announce(CALLER, announcement), requestId: null }
    const partition = shardOf(row.organizationId, deps.shards)
    await deps.appender.append({
      topic: auditChanges.name,
      partition,
      key: null,
      value: auditChangesCodec.encode({ changes: [row] }),
    })
    for (const record of deps.lifecycle.announce(row, 'live')) await deps.appender.append(record)
    const notice = row.organizationId === PLATFORM ? undefined : noticeOfChange(row, 'live')
    if (notice !== undefined) await deps.appender.append(noticeRecord(notice, row.id, partition))
  }

  /** As findings that organizations and the operator list and settle. */
  async function keep(organizationId: string, findings: readonly Finding[], isWhole: boolean): Promise<void> {
    await deps.drift.look({
      organizationId,
      covers: ({ kind }) => isWhole && kind === 'ledger',
      observe: () => findings.map(observationOf),
      silent: true,
    })
  }

  return {
    async detected(finding) {
      await write(detected(finding))
      await keep(finding.organizationId, [finding], false)
      announced.set(nameOf(finding.organizationId, keyOf(finding)), 'open')
    },
    async announce(checked, findings) {
      const open = new Map(
        (await deps.reads.announcedFindings()).map(each => [nameOf(each.organizationId, each.finding), each]),
      )
      const isOpen = (name: string) =>
        announced.get(name) !== 'resolved' && (announced.get(name) === 'open' || open.has(name))
      const found = new Set<string>()
      for (const finding of findings) {
        const name = nameOf(finding.organizationId, keyOf(finding))
        found.add(name)
        if (isOpen(name)) continue
        await write(detected(finding))
        announced.set(name, 'open')
      }
      for (const name of new Set([...open.keys(), ...announced.keys()])) {
        const [organizationId, key] = name.split(' ') as [string, string]
        if (found.has(name) || !checked.includes(organizationId) || !isOpen(name)) continue
        await write({ ...ledgerOf(organizationId, 'DRIFT_RESOLVED'), data: { kind: 'ledger', finding: key } })
        announced.set(name, 'resolved')
      }
      for (const organizationId of checked)
        await keep(
          organizationId,
          findings.filter(each => each.organizationId === organizationId),
          true,
        )
    },
  }
}

const ledgerOf = (organizationId: string, type: string): Announcement => ({
  organizationId,
  type,
  entityType: 'organization',
  entityId: organizationId,
  reason: 'ledger',
})

/** Counts and numbers of events, never payloads. */
function detected(finding: Finding): Announcement {
  const { organizationId, message, ...facts } = finding
  const data = { kind: 'ledger', severity: 'critical', finding: keyOf(finding), ...facts, message }
  return { ...ledgerOf(organizationId, 'DRIFT_DETECTED'), data }
}

function observationOf(finding: Finding): Observation {
  const { organizationId, environment, check, month, expected, actual, message } = finding
  const isShared = organizationId === PLATFORM
  return {
    ...{ kind: 'ledger', severity: 'critical', entityType: isShared ? 'platform' : 'organization' },
    ...{ entityId: organizationId, canonicalName: null, message },
    ...{ expected: { environment, month, [check]: expected }, actual: { environment, month, [check]: actual } },
    diff: [{ path: `/${keyOf(finding)}`, change: 'differs' }],
  }
}
