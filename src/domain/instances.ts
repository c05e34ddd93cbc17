/** Instances: a table of transitions, each of which announces itself. */
import { type Command, change, changed, findEntry, invalidTransition, newEntry } from './change.ts'
import { checksOf } from './health-checks.ts'
import type { Entry, Instance } from './kinds.ts'

type Status = Instance['status']

interface Transition {
  event: string
  from: readonly Status[]
  /** Undefined: the status stays. */
  to?: Status
  /** As in "it cannot be started". */
  done: string
}

export type InstanceAction = 'start' | 'stop' | 'fail' | 'scale' | 'suspend' | 'unsuspend' | 'delete'

export const INSTANCE_TRANSITIONS: Readonly<Record<InstanceAction, Transition>> = {
  start: { event: 'instance.started', from: ['created', 'stopped', 'failed'], to: 'running', done: 'started' },
  stop: { event: 'instance.stopped', from: ['running'], to: 'stopped', done: 'stopped' },
  fail: { event: 'instance.failed', from: ['created', 'running'], to: 'failed', done: 'failed' },
  scale: { event: 'instance.scaled', from: ['created', 'running', 'stopped'], done: 'scaled' },
  suspend: {
    event: 'instance.suspended',
    from: ['created', 'running', 'stopped', 'failed'],
    to: 'suspended',
    done: 'suspended',
  },
  unsuspend: { event: 'instance.unsuspended', from: ['suspended'], done: 'unsuspended' },
  delete: {
    event: 'instance.deleted',
    from: ['created', 'running', 'stopped', 'failed', 'suspended'],
    to: 'deleted',
    done: 'deleted',
  },
}

export const createInstance: Command = ({ body }, situation) => {
  const { name, image, replicas = 1 } = body as Pick<Instance, 'name' | 'image'> & { replicas?: number }
  const fields: Instance = { name, image, replicas, status: 'created', before_suspension: null }
  const entry = newEntry('instance', fields, situation)
  return change([entry], [{ type: 'instance.created', data: dataOf(entry, {}) }], { status: 201 })
}

export const transitInstance =
  (action: InstanceAction): Command =>
  (given, situation) => {
    const entry = findEntry(situation, 'instance', given)
    const { event, from, to, done } = INSTANCE_TRANSITIONS[action]
    const { status, replicas, before_suspension } = entry.fields
    const { reason, replicas: wanted } = given.body as { reason?: string; replicas?: number }
    if (!from.includes(status)) throw invalidTransition('instance', status, done, permittedIn(status))
    const target = action === 'unsuspend' ? (before_suspension ?? 'stopped') : (to ?? status)
    const fields: Partial<Instance> = {
      ...{ status: target, replicas: action === 'scale' ? (wanted ?? replicas) : replicas },
      before_suspension: action === 'suspend' ? (status as Instance['before_suspension']) : null,
    }
    const next = changed(entry, fields, situation, { hasEnded: action === 'delete' })
    const more = {
      previous_status: status,
      ...(action === 'scale' ? { previous_replicas: replicas } : {}),
      ...(reason === undefined ? {} : { reason }),
    }
    const removed = action === 'delete' ? checksOf(entry.id, situation.books.all('health_check')) : []
    return change([next], [{ type: event, data: dataOf(next, more) }], { removed })
  }

function permittedIn(status: Status): string {
  const permitted = Object.values(INSTANCE_TRANSITIONS)
    .filter(({ from }) => from.includes(status))
    .map(({ done }) => done)
  return permitted.length === 0 ? 'It is gone for good.' : `It can be ${permitted.join(', ')}.`
}

function dataOf({ id, fields }: Entry<'instance'>, more: Record<string, unknown>) {
  const { name, image, replicas, status } = fields
  return { instance_id: id, name, image, replicas, status, ...more }
}
