/** Notices that follow from a change of the control plane, of admission or of the ledger, by its audit row. */
import type { ChangeRow } from '../../topics/audit-changes.ts'
import type { Environment } from '../model/environments.ts'
import { type Notice, noticeMessage } from './notices.ts'

type Facts = Record<string, unknown>
type Text = Pick<Notice, 'kind' | 'severity' | 'title' | 'message'> & Pick<Notice, 'oncePer'>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Undefined for a change without a notice. */
export function noticeOfChange(row: ChangeRow, environment: Environment): Notice | undefined {
  const textOf = TEXTS[row.type]
  if (textOf === undefined) return undefined
  const data = JSON.parse(row.data) as Facts
  const text = textOf(row, data)
  if (text === undefined) return undefined
  const { organizationId, entityId, occurredAtMs } = row
  return { ...text, organizationId, environment, data, sourceId: entityId, occurredAtMs }
}

const TEXTS: Record<string, (row: ChangeRow, data: Facts) => Text | undefined> = {
  CUSTOM_EVENT_FEDERATION_INVITED: (row, data) =>
    // The owner of the group has invited: only the other side gets a notice.
    row.organizationId === data.memberOrganizationId
      ? {
          kind: 'federation_invite',
          severity: 'info',
          title: 'Your organization is invited to a federation group',
          message: noticeMessage(
            ['Another organization offers to share its events with yours. Accept or decline the invitation.'],
            [
              ['Group', data.groupId],
              ['Invited by', row.actorId],
            ],
          ),
        }
      : undefined,
  CUSTOM_EVENT_FEDERATION_PAUSED: ({ actorId, reason }, data) =>
    isOwnKey(actorId)
      ? undefined
      : {
          kind: 'federation_peer',
          severity: 'warning',
          title: 'A federation peer is paused',
          message: noticeMessage(
            ['Events are not relayed between your organization and this peer until it takes part again.'],
            [
              ['Group', data.groupId],
              ['Peer', data.label ?? data.memberOrganizationId],
              ['Reason', reason],
            ],
          ),
        },
  QUOTA_WARNING: (_row, { quota, used, limit, percent }) => ({
    kind: 'quota',
    severity: Number(percent) >= 100 ? 'critical' : 'warning',
    title: `${percent} % of your plan's ${quota} are used`,
    message: noticeMessage(
      [Number(percent) >= 100 ? 'The limit is reached: what is beyond it is refused.' : 'The limit is near.'],
      [
        ['Quota', quota],
        ['Used', used],
        ['Limit', limit],
      ],
    ),
  }),
  CUSTOM_EVENT_CHAIN_TRUNCATED: (_row, { droppedEvent, rootEventId, depth }) => ({
    kind: 'chain_truncated',
    severity: 'warning',
    title: `A chain of events was cut at ${droppedEvent}`,
    message: noticeMessage(
      ['Events cause each other up to a limit of depth; this chain has reached it. Look for a loop.'],
      [
        ['Event left out', droppedEvent],
        ['First event of the chain', rootEventId],
        ['Depth', depth],
      ],
    ),
    oncePer: { key: String(droppedEvent), ms: HOUR_MS },
  }),
  CUSTOM_EVENT_MARKETPLACE_TAKEN_DOWN: ({ canonicalName, reason }, { title, listingId }) => ({
    kind: 'listing_taken_down',
    severity: 'warning',
    title: `The listing ${title} was taken down`,
    message: noticeMessage(
      ['The operator has archived the listing for good. Forks of it stay as they are.'],
      [
        ['Listing', listingId],
        ['Version', canonicalName],
        ['Reason', reason],
      ],
    ),
  }),
  DRIFT_DETECTED: driftDetected,
  REPLAY_COMPLETED: replayEnded('is complete', 'info'),
  REPLAY_CANCELLED: replayEnded('was cancelled', 'info'),
  REPLAY_FAILED: replayEnded('has failed', 'warning'),
}

function driftDetected(
  { entityId }: ChangeRow,
  { kind, severity, message, finding, entityId: about }: Facts,
): Text | undefined {
  if (kind === 'fork_upstream')
    return {
      kind: 'upstream_version',
      severity: 'info',
      title: 'A version that you forked has a newer one',
      message: noticeMessage([String(message)], [['Finding', finding]]),
      oncePer: { key: entityId, ms: HOUR_MS },
    }
  if (severity === 'warning' && String(kind) in WARNING_TITLES)
    return {
      kind: 'drift_warning',
      severity: 'warning',
      title: WARNING_TITLES[String(kind)]!,
      message: noticeMessage([String(message)], [['Finding', finding]]),
      oncePer: { key: `${kind}/${about}`, ms: DAY_MS },
    }
  if (severity !== 'critical') return undefined
  return {
    kind: 'drift_critical',
    severity: 'critical',
    title: DRIFT_TITLES[String(kind)] ?? 'Figures that must agree do not',
    message: noticeMessage([String(message ?? 'The books of your organization do not agree.')], [['Finding', finding]]),
  }
}

/** A manifest is compared for somebody who reads the answer, and a process that differs is mended at once. */
const WARNING_TITLES: Record<string, string> = {
  payload_shape: 'Payloads are not what their schema says',
  federation_snapshot: 'A shared version is not what its owner emits',
  subscription_target: 'A selector matches nothing any more',
}

const DRIFT_TITLES: Record<string, string> = {
  admission: 'Emits wait for their verdict',
  materialisation: 'A process of the platform has another definition than the registry',
}

function replayEnded(how: string, severity: Notice['severity']) {
  return ({ entityId, reason }: ChangeRow, data: Facts): Text | undefined => {
    // Nothing was delivered, and its caller waits for the count.
    if (data.dryRun === true) return undefined
    return {
      kind: 'replay_finished',
      severity,
      title: `Replay ${entityId} ${how}`,
      message: noticeMessage(
        [`The replay ${how}.`],
        [
          ['Matched', data.matched],
          ['Succeeded', data.succeeded],
          ['Failed', data.failed],
          ['Skipped', data.skipped],
          ['Reason', reason],
        ],
      ),
    }
  }
}

/** Actors of another organization are shown as its id, and the platform as `system`. */
const isOwnKey = (actorId: string): boolean => actorId.startsWith('key_')

/** A key of the organization expires soon. It is announced by no change. */
export function keyExpiringNotice(key: {
  id: string
  organizationId: string
  environment: Environment
  name: string
  expiresAt: string
  nowMs: number
}): Notice {
  return {
    kind: 'key_expiring',
    severity: 'warning',
    organizationId: key.organizationId,
    environment: key.environment,
    title: `API key ${key.name} expires soon`,
    message: noticeMessage(
      ['Calls with this key are refused once it has expired. Make a new one, and delete it.'],
      [
        ['Key', `${key.name} (${key.id})`],
        ['Expires', key.expiresAt],
      ],
    ),
    data: { keyId: key.id, expiresAt: key.expiresAt },
    sourceId: key.id,
    occurredAtMs: key.nowMs,
  }
}
