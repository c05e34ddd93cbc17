/**
 * The deletion grace period. The events about an organization's deletion are written in the transaction of the
 * deletion, and the webhooks that select them stay, for these events alone, until they had time to arrive. Their
 * secrets are removed with them. See docs/specification/organizations.md#deleted.
 */
import type { Clock, Timer } from '../../clock.ts'
import { createSelectorIndex } from '../../events/selector.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { builtInCanonicalName, lifecycleCanonicalName } from '../../model/names.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { DecisionView } from '../store/overlay.ts'
import type { Change, ControlStore } from '../store/store.ts'

/** The longest grace period. */
const GRACE_MS = 60_000

export interface DeletionGrace {
  /** Schedules the removal of what remains of deleted organizations, including those deleted before a restart. */
  start(): { close(): void }
}

export function createDeletionGrace(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  timeScale?: number
}): DeletionGrace {
  const { store, view, ids, clock } = deps

  async function end(organizationId: string): Promise<void> {
    await store.change(ids.next('chg'), current => ({
      records:
        current.organization(organizationId)?.status === 'deleted' ? current.webhooks(organizationId).map(removal) : [],
      changes: [],
      result: undefined,
    }))
  }

  return {
    start() {
      const timers = new Map<string, Timer>()
      const schedule = (organizationId: string): void => {
        if (timers.has(organizationId) || view.webhooks(organizationId).length === 0) return
        const timer = clock.after(GRACE_MS * (deps.timeScale ?? 1), () => {
          timers.delete(organizationId)
          // If the control plane cannot be written, the next attempt follows after another grace period.
          end(organizationId).catch(() => schedule(organizationId))
        })
        timers.set(organizationId, timer)
      }
      for (const { id, status } of view.organizations()) if (status === 'deleted') schedule(id)
      const stop = view.onChange((kind, organizationId) => {
        if (kind === 'organization' && view.organization(organizationId)?.status === 'deleted') schedule(organizationId)
      })
      return {
        close() {
          stop()
          for (const timer of timers.values()) timer.cancel()
        },
      }
    },
  }
}

/** Removed at once with the organization: keys, channels, secrets, connections, mail templates, and webhooks that do not select the deletion. */
export function removedAtOnce(current: Pick<DecisionView, 'list'>, organizationId: string): Change[] {
  const keys = current
    .list('key', organizationId)
    .map(({ id }): Change => ({ kind: 'key', remove: { organizationId, id } }))
  const channels = current
    .list('notification-channel', organizationId)
    .map(({ id }): Change => ({ kind: 'notification-channel', remove: { organizationId, id } }))
  const webhooks = current.list('webhook', organizationId).filter(webhook => !selectsDeletion(webhook))
  const secrets = current
    .list('secret', organizationId)
    .map(({ id }): Change => ({ kind: 'secret', remove: { organizationId, id } }))
  const connections = current
    .list('connection', organizationId)
    .map(({ id }): Change => ({ kind: 'connection', remove: { organizationId, id } }))
  const templates = current
    .list('mail-template', organizationId)
    .map(({ id }): Change => ({ kind: 'mail-template', remove: { organizationId, id } }))
  return [...keys, ...channels, ...secrets, ...connections, ...templates, ...webhooks.map(removal)]
}

const removal = ({ organizationId, id }: Webhook): Change => ({ kind: 'webhook', remove: { organizationId, id } })

function selectsDeletion({ organizationId, events, active, environment, peer }: Webhook): boolean {
  if (!active || peer !== null) return false
  const index = createSelectorIndex([{ selectors: events, value: true }])
  const selects = (type: string, canonicalName: string) => index.match({ type, canonicalName, kind: null }).length > 0
  const lifecycle = selects('ORGANIZATION_DELETED', lifecycleCanonicalName(organizationId, 'ORGANIZATION_DELETED'))
  return (
    lifecycle ||
    (environment === 'live' && selects('tenant.deleted', builtInCanonicalName(organizationId, 'tenant.deleted')))
  )
}
