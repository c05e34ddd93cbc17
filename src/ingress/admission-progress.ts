/**
 * The counters that `admit` enforces, read from its changelog: the api shows them as live usage, and an emit beyond the
 * position has not been judged yet.
 */
import {
  counterKeys,
  inputPositionCodec,
  type OrganizationCounters,
  organizationCountersCodec,
} from '../../topics/admission-counters.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { Environment } from '../model/environments.ts'

export interface AdmissionProgress {
  apply(record: LogRecord): void
  /** The offset at which `admit` resumes reading this input; undefined: it has not read it yet. */
  position(topic: string, partition: number): number | undefined
  /** Accepted emits of a month that is still counted; `month`: `YYYY-MM`, UTC. */
  used(organizationId: string, environment: Environment, month: string): number
  /** The newest sequence number that is known; 0 before the first. */
  sequence(organizationId: string, environment: Environment): number
}

export function createAdmissionProgress(): AdmissionProgress {
  const positions = new Map<string, number>()
  const counters = new Map<string, OrganizationCounters>()
  return {
    apply({ key: bytes, value }) {
      const key = bytes ? counterKeys.parse(bytes.toString()) : undefined
      if (!key) return
      // A tombstone means that the organization is deleted.
      if ('organizationId' in key) {
        if (value) counters.set(key.organizationId, organizationCountersCodec.decode(value))
        else counters.delete(key.organizationId)
      } else if (value) positions.set(`${key.topic}/${key.partition}`, inputPositionCodec.decode(value).nextOffset)
      else positions.delete(`${key.topic}/${key.partition}`)
    },
    position: (topic, partition) => positions.get(`${topic}/${partition}`),
    sequence(organizationId, environment) {
      const found = counters.get(organizationId)
      return (environment === 'live' ? found?.sequenceLive : found?.sequenceTest) ?? 0
    },
    used(organizationId, environment, month) {
      const months = counters.get(organizationId)?.months ?? []
      const number = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1
      return months.find(each => each.month === number)?.[environment] ?? 0
    },
  }
}
