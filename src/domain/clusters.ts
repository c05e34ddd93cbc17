/** Clusters: ready → scaling → ready. A cluster is a resource of kind `cluster` in the events about it. */
import { ClarionError } from '../model/codes.ts'
import {
  type Command,
  change,
  changed,
  type DomainEvent,
  findEntry,
  invalid,
  invalidTransition,
  newEntry,
  type Situation,
} from './change.ts'
import type { Entry } from './kinds.ts'

const MIN = 1
const MAX = 20

export const createCluster: Command = ({ body }, situation) => {
  const {
    name,
    node_count,
    min = MIN,
    max = Math.max(MAX, min),
  } = body as {
    name: string
    node_count: number
    min?: number
    max?: number
  }
  if (min > max) throw invalid('/min', 'maximum', `must not be above max, which is ${max}`)
  if (node_count < min || node_count > max) throw outOfBounds(node_count, min, max)
  const fields = { name, node_count, min, max, status: 'ready', target: null } as const
  const entry = newEntry('cluster', fields, situation)
  return change([entry], [eventOf('resource.created', entry, null)], { status: 201 })
}

/** `node_count` must be within bounds; `delta` goes as far as they let it. `max`: a bound of the caller's own. */
export interface Scaling {
  node_count?: number
  delta?: number
  max?: number
}

export const scaleCluster: Command = (given, situation) => {
  const entry = findEntry(situation, 'cluster', given)
  const { status, node_count: previous } = entry.fields
  if (status === 'deleted') throw invalidTransition('cluster', status, 'scaled', 'It is gone for good.')
  const target = targetOf(entry, given.body as Scaling)
  if (status === 'scaling') {
    const message = `The cluster is on its way to ${entry.fields.target} nodes: scale it when its status is ready.`
    throw new ClarionError('scaling_in_progress', message)
  }
  const answer = { id: entry.id, name: entry.fields.name, previous, target, changed: target !== previous }
  if (target === previous) return change([], [], { answer: { ...answer, status, revision: entry.revision } })
  const dueAtMs = situation.nowMs + situation.timings.scalingMs
  const next = changed(entry, { status: 'scaling', target }, situation, { dueAtMs })
  return change([next], [eventOf('resource.status_changed', next, 'ready')], {
    answer: { ...answer, status: 'scaling', revision: next.revision },
    status: 202,
  })
}

function targetOf({ fields: { node_count, min, max } }: Entry<'cluster'>, scaling: Scaling): number {
  if (scaling.node_count !== undefined) {
    const most = Math.min(max, scaling.max ?? max)
    if (scaling.node_count < min || scaling.node_count > most) throw outOfBounds(scaling.node_count, min, most)
    return scaling.node_count
  }
  // A cluster beyond the caller's own bound is not taken back to it.
  const most = Math.max(Math.min(max, scaling.max ?? max), Math.min(node_count, max))
  return Math.min(most, Math.max(min, node_count + (scaling.delta ?? 0)))
}

export function clusterDue(entry: Entry<'cluster'>, situation: Situation) {
  const { target, node_count } = entry.fields
  const ready = changed(entry, { status: 'ready', node_count: target ?? node_count, target: null }, situation)
  return change([ready], [eventOf('resource.status_changed', ready, 'scaling')])
}

export const deleteCluster: Command = (given, situation) => {
  const entry = findEntry(situation, 'cluster', given)
  const { status } = entry.fields
  if (status !== 'ready')
    throw invalidTransition('cluster', status, 'deleted', 'Only a cluster that is ready can be deleted.')
  const next = changed(entry, { status: 'deleted' }, situation, { hasEnded: true })
  return change([next], [eventOf('resource.deleted', next, status)])
}

function outOfBounds(node_count: number, min: number, max: number): ClarionError {
  return new ClarionError(
    'node_count_out_of_bounds',
    `The cluster may have ${min} to ${max} nodes, not ${node_count}: give a number within, or a delta.`,
  )
}

function eventOf(type: string, { id, fields }: Entry<'cluster'>, previous_status: string | null): DomainEvent {
  const { name, node_count, status, target } = fields
  return { type, data: { resource_id: id, kind: 'cluster', status, previous_status, name, node_count, target } }
}
