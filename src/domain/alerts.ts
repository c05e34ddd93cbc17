/**
 * Alert rules. A metric is judged against the rules of its cluster; only a crossing changes anything: the alert fires
 * once, and is armed again when the metric has come back below `clearBelow`.
 */
import { ClarionError } from '../model/codes.ts'
import {
  type Command,
  change,
  changed,
  type DomainEvent,
  findEntry,
  idOf,
  invalid,
  newEntry,
  type Situation,
} from './change.ts'
import type { AlertRule, Entry } from './kinds.ts'

const HOLDS: Readonly<Record<AlertRule['operator'], (value: number, threshold: number) => boolean>> = {
  gt: (value, threshold) => value > threshold,
  gte: (value, threshold) => value >= threshold,
  lt: (value, threshold) => value < threshold,
  lte: (value, threshold) => value <= threshold,
}

type Settings = Partial<Omit<AlertRule, 'firing'>>

export const createAlertRule: Command = ({ body }, situation) => {
  const { metric, cluster_id = null, operator, threshold, clearBelow = null } = body as Settings
  const fields = { metric, cluster_id, operator, threshold, clearBelow, firing: [] } as unknown as AlertRule
  refuseContradiction(fields)
  if (cluster_id !== null) findCluster(cluster_id, situation)
  return change([newEntry('alert_rule', fields, situation)], [], { status: 201 })
}

/** A rule that is changed is armed again. */
export const changeAlertRule: Command = (given, situation) => {
  const entry = findEntry(situation, 'alert_rule', given)
  const patch = given.body as Settings
  refuseContradiction({ ...entry.fields, ...patch })
  if (typeof patch.cluster_id === 'string') findCluster(patch.cluster_id, situation)
  return change([changed(entry, { ...patch, firing: [] }, situation)], [])
}

export const deleteAlertRule: Command = (given, situation) => {
  const entry = findEntry(situation, 'alert_rule', given)
  return change([], [], { removed: [entry], answer: { id: entry.id, deleted: true } })
}

function refuseContradiction({ operator, threshold, clearBelow }: AlertRule): void {
  if (clearBelow === null) return
  if (operator === 'lt' || operator === 'lte')
    throw invalid('/clearBelow', 'operator', 'is for gt and gte: an alert below a threshold clears above it')
  if (clearBelow > threshold)
    throw invalid('/clearBelow', 'maximum', `must not be above the threshold, which is ${threshold}`)
}

function findCluster(id: string, situation: Situation): void {
  if (!isThere(id, situation)) throw new ClarionError('not_found', `There is no cluster '${id}'.`)
}

function isThere(id: string, { books }: Situation): boolean {
  const status = books.find('cluster', id)?.fields.status
  return status !== undefined && status !== 'deleted'
}

/** Answers which rules it met; a metric that crosses nothing changes nothing. */
export const judgeMetric: Command = ({ body }, situation) => {
  const { cluster_id, metric, value } = body as { cluster_id: string; metric: string; value: number }
  findCluster(cluster_id, situation)
  const put: Entry[] = []
  const events: DomainEvent[] = []
  const triggered: string[] = []
  const cleared: string[] = []
  for (const rule of situation.books.all('alert_rule')) {
    const { fields } = rule
    if (fields.metric !== metric || (fields.cluster_id !== null && fields.cluster_id !== cluster_id)) continue
    const isFiring = fields.firing.includes(cluster_id)
    if (!isFiring && HOLDS[fields.operator](value, fields.threshold)) {
      const alert_id = idOf('alt', situation, `/${rule.id}`)
      const firing = fields.firing.filter(each => isThere(each, situation))
      put.push(changed(rule, { firing: [...firing, cluster_id] }, situation))
      events.push({ type: 'alert.triggered', data: dataOf(rule, alert_id, cluster_id, value) })
      triggered.push(alert_id)
    } else if (isFiring && hasCleared(fields, value)) {
      put.push(changed(rule, { firing: fields.firing.filter(each => each !== cluster_id) }, situation))
      cleared.push(rule.id)
    }
  }
  return change(put, events, { isIdle: put.length === 0, answer: { cluster_id, metric, value, triggered, cleared } })
}

const hasCleared = ({ operator, threshold, clearBelow }: AlertRule, value: number): boolean =>
  clearBelow === null ? !HOLDS[operator](value, threshold) : value < clearBelow

function dataOf({ id, fields }: Entry<'alert_rule'>, alert_id: string, cluster_id: string, value: number) {
  const { metric, operator, threshold } = fields
  return { alert_id, metric, value, threshold, operator, cluster_id, rule_id: id }
}
