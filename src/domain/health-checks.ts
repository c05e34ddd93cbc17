/** Results of health checks: the third failure in a row degrades, and the next pass recovers. */
import { fixedId } from '../model/ids.ts'
import { type Command, change, changed, type DomainEvent, newEntry } from './change.ts'
import type { Entry, HealthCheck } from './kinds.ts'
import { liveInstance } from './live-instance.ts'

const DEGRADED_AFTER = 3

export const reportHealth: Command = ({ id: instanceId, body }, situation) => {
  liveInstance(instanceId, situation)
  const {
    check_id,
    status,
    latency_ms = 0,
    message = '',
  } = body as Pick<HealthCheck, 'check_id' | 'status'> & Partial<HealthCheck>
  // Its id follows from both, so that it is found without a search.
  const id = fixedId('hck', `${instanceId}/${check_id}`)
  const before = situation.books.find('health_check', id)
  const failures_in_a_row = status === 'passed' ? 0 : (before?.fields.failures_in_a_row ?? 0) + 1
  const wasDegraded = before?.fields.degraded ?? false
  const degraded = status === 'failed' && (wasDegraded || failures_in_a_row >= DEGRADED_AFTER)
  const fields: HealthCheck = {
    ...{ instance_id: instanceId, check_id, status, degraded, failures_in_a_row, latency_ms, message },
  }
  const entry =
    before === undefined ? { ...newEntry('health_check', fields, situation), id } : changed(before, fields, situation)
  const data = { check_id, instance_id: instanceId, latency_ms, message, failures_in_a_row }
  const types = [`health.${status}`]
  if (degraded && !wasDegraded) types.push('health.degraded')
  if (wasDegraded && !degraded) types.push('health.recovered')
  return change(
    [entry],
    types.map((type): DomainEvent => ({ type, data })),
  )
}

/** With the instance, its checks end. */
export function checksOf(instanceId: string, checks: Iterable<Entry<'health_check'>>): Entry<'health_check'>[] {
  return [...checks].filter(({ fields }) => fields.instance_id === instanceId)
}
