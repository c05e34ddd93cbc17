/** Queues of an environment: their records. What is in them is state of the role `queue`. */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { planOf } from '../../model/plans.ts'
import type { QueueRecord } from '../../model/queues.ts'
import type { Validators } from '../../registry/validators.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { ControlStore, Decision } from '../store/store.ts'
import { checkedSettings, checkName, QUEUE_DEFAULTS, type QueueSettings } from './queue-settings.ts'

export interface NewQueue extends QueueSettings {
  name: string
  selectors: string[]
  ordered?: boolean
}

export interface Queues {
  /**
   * `startOffsets`: where it begins to read the log. Errors: those of the settings, `queue_quota_exceeded`, `conflict`
   * (name), `not_found` (dead-letter queue).
   */
  create(caller: Caller, owner: Owner, input: NewQueue, startOffsets: readonly number[]): Promise<QueueRecord>
  /** Errors: those of `create`, `not_found`, `revision_conflict`. */
  patch(caller: Caller, owner: Owner, id: string, patch: QueueSettings, revision?: number): Promise<QueueRecord>
  /** Errors: `not_found`, `revision_conflict`, `conflict` while it is the dead-letter queue of another. */
  delete(caller: Caller, owner: Owner, id: string, revision?: number): Promise<void>
}

export function createQueues(deps: {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
  /** Compiles contracts. */
  validators: Validators
}): Queues {
  const { store, ids, clock, announce } = deps

  return {
    async create(caller, owner, input, startOffsets) {
      const { ordered = false, ...settings } = input
      const fields = checkedSettings(settings, deps)
      checkName(input.name, ordered)
      const now = new Date(clock.nowMs()).toISOString()
      const queue: QueueRecord = {
        ...{ id: ids.next('que'), ...owner, revision: 1, createdAt: now, updatedAt: now, ...QUEUE_DEFAULTS },
        ...{ name: input.name, selectors: input.selectors, ordered, startOffsets: [...startOffsets] },
        ...fields,
      }
      return store.change(ids.next('chg'), current => {
        const organization = getOrganization(current, owner.organizationId)
        const { queues: limit } = planOf(organization.plan)
        if (current.list('queue', owner.organizationId).length >= limit)
          throw new ClarionError(
            'queue_quota_exceeded',
            limit === 0
              ? `The plan ${organization.plan} has no queues.`
              : `The plan ${organization.plan} has ${limit} queues, all of them in use.`,
          )
        checkTaken(current, owner, queue)
        checkDeadLetterQueue(current, owner, queue)
        return {
          records: [{ kind: 'queue', record: queue }],
          changes: [announce(caller, { ...about(queue, 'QUEUE_CREATED'), data: { name: queue.name } })],
          result: queue,
        }
      })
    },
    async patch(caller, owner, id, patch, revision) {
      const fields = checkedSettings(patch, deps)
      return store.change(ids.next('chg'), (current): Decision<QueueRecord> => {
        const before = getQueue(current, owner, id)
        checkRevision(before, revision)
        if (Object.keys(fields).length === 0) return { records: [], changes: [], result: before }
        const after = revised(before, fields, clock.nowMs())
        checkName(after.name, after.ordered)
        if (after.name !== before.name) checkTaken(current, owner, after)
        if (after.deadLetterQueueId !== before.deadLetterQueueId) checkDeadLetterQueue(current, owner, after)
        const data = { name: after.name, changed: Object.keys(fields) }
        return {
          records: [{ kind: 'queue', record: after }],
          changes: [announce(caller, { ...about(after, 'QUEUE_UPDATED'), data })],
          result: after,
        }
      })
    },
    delete: (caller, owner, id, revision) =>
      store.change(ids.next('chg'), current => {
        const queue = getQueue(current, owner, id)
        checkRevision(queue, revision)
        const [user] = usersOf(current, queue)
        if (user !== undefined)
          throw new ClarionError(
            'conflict',
            `The queue ${queue.name} takes the dead letters of ${user.name}: change that queue first.`,
          )
        return {
          records: [{ kind: 'queue', remove: { organizationId: owner.organizationId, id } }],
          changes: [announce(caller, { ...about(queue, 'QUEUE_DELETED'), data: { name: queue.name } })],
          result: undefined,
        }
      }),
  }
}

/** Throws `not_found`. */
export function getQueue(
  view: Pick<ControlView, 'find'>,
  { organizationId, environment }: Owner,
  id: string,
): QueueRecord {
  const queue = view.find('queue', organizationId, id)
  if (queue === undefined || queue.environment !== environment)
    throw new ClarionError('not_found', 'There is no such queue.')
  return queue
}

/** The queues whose dead letters it takes. */
export const usersOf = (view: Pick<ControlView, 'list'>, { id, organizationId }: QueueRecord): QueueRecord[] =>
  view.list('queue', organizationId).filter(({ deadLetterQueueId }) => deadLetterQueueId === id)

/** After a downgrade the newest queues beyond the plan cannot be received from. */
export function isBeyondPlan(view: Pick<ControlView, 'list' | 'organization'>, { id, organizationId }: QueueRecord) {
  const { plan = 'FREE' } = view.organization(organizationId) ?? {}
  const { queues: limit } = planOf(plan)
  return view.list('queue', organizationId).findIndex(each => each.id === id) >= limit
}

function checkTaken(current: DecisionView, { organizationId, environment }: Owner, { id, name }: QueueRecord): void {
  const isTaken = current
    .list('queue', organizationId)
    .some(each => each.environment === environment && each.name === name && each.id !== id)
  if (!isTaken) return
  const details = [{ path: '/name', rule: 'unique', message: 'is the name of another queue' }]
  throw new ClarionError('conflict', `Another queue is called ${name}.`, { details })
}

/** A dead-letter queue has none itself, so that a message is never passed round. */
function checkDeadLetterQueue(current: DecisionView, owner: Owner, queue: QueueRecord): void {
  const { deadLetterQueueId } = queue
  if (deadLetterQueueId === null) return
  if (deadLetterQueueId === queue.id) throw refused('must be another queue')
  const target = current.find('queue', owner.organizationId, deadLetterQueueId)
  if (target === undefined || target.environment !== owner.environment)
    throw refused('must be the id of a queue of this environment')
  if (target.deadLetterQueueId !== null) throw refused('has a dead-letter queue itself: name one that has none')
  if (usersOf(current, queue).length > 0)
    throw refused('must be null: this queue takes the dead letters of another one')
}

const refused = (message: string) =>
  new ClarionError('validation_failed', `'deadLetterQueueId' ${message}.`, {
    details: [{ path: '/deadLetterQueueId', rule: 'queue', message }],
  })

const about = ({ organizationId, id }: QueueRecord, type: string): Announcement => ({
  ...{ organizationId, type, entityType: 'queue', entityId: id },
})
