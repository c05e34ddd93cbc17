/** The control plane of one organization in memory: its webhooks and replays, changed as their callers do. */
import type { Clock } from '../../../../src/clock.ts'
import { controlKey, createControlView } from '../../../../src/control-plane/store/view-store.ts'
import { WEBHOOK_DEFAULTS } from '../../../../src/control-plane/webhooks/webhooks.ts'
import type { Ids } from '../../../../src/model/ids.ts'
import type { Kind } from '../../../../src/model/records.ts'
import { type Replay, type ReplayTarget, targetsOf } from '../../../../src/model/replays.ts'
import type { Webhook } from '../../../../src/model/webhooks.ts'
import type { TargetEnd, TargetProgress } from '../../../../src/replay/ways/ends.ts'

type RecordKind = Extract<
  Kind,
  'organization' | 'webhook' | 'replay' | 'federation-group' | 'federation-member' | 'federation-push'
>

const CREATED_AT = '2026-01-01T00:00:00.000Z'
const RETRY_DELAYS_MS = [0, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000]

export function createMemoryControl(deps: {
  clock: Clock
  ids: Ids
  organizationId: string
  /** Of every webhook. */
  encryptedSecret: string
}) {
  const { clock, ids, organizationId } = deps
  const view = createControlView({ clock })
  const webhooks = new Map<string, Webhook>()
  /** The replays' targets that have ended. */
  const ended: Array<{ replayId: string; targetId: string; progress: TargetProgress } & TargetEnd> = []
  let applied = 0

  function record(kind: RecordKind, id: string, value: object | null): void {
    view.apply({
      ...{ topic: 'control', partition: 0, offset: applied++, timestampMs: 0, headers: {} },
      key: Buffer.from(controlKey(kind, organizationId, id)),
      value: value && Buffer.from(JSON.stringify(value)),
    })
  }

  const replayOf = (id: string) => view.find('replay', organizationId, id)!
  const steer = (id: string, changes: Partial<Replay>) => record('replay', id, { ...replayOf(id), ...changes })

  /** Replays the log so far to the webhook. */
  function replay(webhookId: string, changes: Partial<Replay> = {}): string {
    const id = ids.next('rpl')
    const to = new Date(clock.nowMs()).toISOString()
    record('replay', id, { ...newReplay(id, organizationId, to), webhookId, ...changes })
    return id
  }

  return {
    view,
    ended,
    /** Any record. */
    record,
    /** Makes or changes a webhook; null deletes it. */
    webhook(id: string, changes: Partial<Webhook> | null): void {
      if (changes === null) {
        webhooks.delete(id)
        record('webhook', id, null)
        return
      }
      const { encryptedSecret } = deps
      const value = { ...newWebhook(id, organizationId), encryptedSecret, ...webhooks.get(id), ...changes } as Webhook
      webhooks.set(id, value)
      record('webhook', id, value)
    },
    organization(status: 'active' | 'deleted') {
      const updatedAt = new Date(clock.nowMs()).toISOString()
      record('organization', organizationId, { id: organizationId, organizationId, status, updatedAt })
    },
    /** Changes a replay as its caller does. */
    steer,
    replayState: replayOf,
    replay,
    /** Replays the log so far to some targets. */
    replayTo(targets: Array<Pick<ReplayTarget, 'kind' | 'id'>>, changes: Partial<Replay> = {}): string {
      const running = targets.map(each => ({ ...each, state: 'running' as const, stateReason: null, progress: null }))
      const several = { webhookId: undefined, targets: running, targetKind: targets[0]!.kind }
      return replay('', { ...several, ...changes } as Partial<Replay>)
    },
    /** As the control plane does: the last target ends the replay. */
    async endTarget(of: Replay, target: { id: string }, end: TargetEnd, progress: TargetProgress) {
      ended.push({ replayId: of.id, targetId: target.id, ...end, progress })
      const now = replayOf(of.id)
      const targets = targetsOf(now).map(each =>
        each.id === target.id ? { ...each, state: end.state, stateReason: end.reason } : each,
      )
      steer(of.id, { targets, state: targets.some(each => each.state === 'running') ? now.state : end.state })
    },
    pause: async ({ id }: Replay) => steer(id, { state: 'paused' }),
  }
}

const newWebhook = (id: string, organizationId: string) => ({
  ...WEBHOOK_DEFAULTS,
  id,
  organizationId,
  revision: 1,
  createdAt: CREATED_AT,
  updatedAt: CREATED_AT,
  environment: 'live',
  name: null,
  description: null,
  url: `http://${id.replace('_', '-')}.test/`,
  events: ['*'],
  active: true,
  pausedAt: null,
  timeoutMs: 30_000,
  maxInFlight: 10,
  retryDelaysMs: RETRY_DELAYS_MS,
  apiVersion: '2026-07-01',
})

const newReplay = (id: string, organizationId: string, to: string) => ({
  id,
  organizationId,
  revision: 1,
  createdAt: CREATED_AT,
  updatedAt: CREATED_AT,
  environment: 'live',
  name: null,
  kind: 'replay',
  matchedMax: null,
  from: CREATED_AT,
  to,
  selectors: ['*'],
  onlyFailed: false,
  ratePerSecond: 500,
  state: 'running',
  stateReason: null,
  requestedBy: 'key_1',
  startedAt: null,
  endedAt: null,
  progress: null,
})
