/** Errors of a group, as its member sees them: the next step after each, and the advice for an operator. */
import { SESSION_MS } from './session-time.ts'

export type Step = 'rejoin' | 'rejoin_as_new' | 'find_coordinator' | 'wait' | 'stop' | 'end'

const STEPS: Record<string, Step> = {
  REBALANCE_IN_PROGRESS: 'rejoin',
  ILLEGAL_GENERATION: 'rejoin',
  MEMBER_ID_REQUIRED: 'rejoin',
  UNKNOWN_MEMBER_ID: 'rejoin_as_new',
  COORDINATOR_LOAD_IN_PROGRESS: 'wait',
  GROUP_AUTHORIZATION_FAILED: 'stop',
  INCONSISTENT_GROUP_PROTOCOL: 'stop',
  INVALID_SESSION_TIMEOUT: 'stop',
  GROUP_MAX_SIZE_REACHED: 'stop',
  UNSUPPORTED_VERSION: 'stop',
  SASL_AUTHENTICATION_FAILED: 'stop',
  FENCED_INSTANCE_ID: 'end',
}

/** Any other error: find the coordinator. */
export const stepOf = (error: string): Step => STEPS[error] ?? 'find_coordinator'

/** Advice for an operator about an error that does not resolve by itself. */
export function sentenceOf(error: string, groupId: string, instanceId: string | undefined): string {
  switch (error) {
    case 'FENCED_INSTANCE_ID':
      return `another process has joined the group ${groupId} as ${instanceId}: two processes have the same instance id (a copied data directory, or the same CLARION_INSTANCE). This one has stopped; give it another, and start it again`
    case 'GROUP_AUTHORIZATION_FAILED':
      return `the platform's Kafka user may not read the group ${groupId}: grant READ and DESCRIBE on GROUP ${groupId}`
    case 'INCONSISTENT_GROUP_PROTOCOL':
      return `processes of an earlier version are running in the group ${groupId}: stop them all; this one joins as soon as they are gone`
    case 'INVALID_SESSION_TIMEOUT':
      return `the brokers refuse the group ${groupId} a session of ${SESSION_MS / 1000} s: group.min.session.timeout.ms must not be above ${SESSION_MS}`
    case 'GROUP_MAX_SIZE_REACHED':
      return `the group ${groupId} has as many members as the brokers allow: raise group.max.size, or run fewer processes`
    case 'SASL_AUTHENTICATION_FAILED':
      return `the brokers refuse the platform's Kafka user or its password`
    default:
      return `the brokers refuse the group ${groupId}: ${error}`
  }
}
