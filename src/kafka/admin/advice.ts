/** Advice for an operator about an error of the broker, besides the broker's own message. */
import { KafkaError } from '../protocol/types.ts'

const RIGHTS = 'deploy/kafka-acls.sh grants all rights that the platform needs'

const ADVICE: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: `The platform's user lacks a right on topics: ${RIGHTS}.`,
  CLUSTER_AUTHORIZATION_FAILED: `The platform's user lacks a right on the cluster: ${RIGHTS}.`,
  GROUP_AUTHORIZATION_FAILED: `The platform's user lacks a right on consumer groups: ${RIGHTS}.`,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: `The platform's user lacks a right on transactional ids: ${RIGHTS}.`,
  INVALID_REPLICATION_FACTOR:
    'The cluster has fewer brokers at work than KAFKA_REPLICATION_FACTOR says: start them, or lower the setting.',
  TOPIC_DELETION_DISABLED: 'Set delete.topic.enable=true on the brokers.',
  POLICY_VIOLATION: 'A policy of the cluster (create.topic.policy, alter.config.policy) forbids it: change the policy.',
  INVALID_CONFIG: 'The cluster does not take a setting of the topic: see its words.',
  INVALID_PARTITIONS: 'The cluster does not take this number of partitions: see its words.',
  SECURITY_DISABLED: 'The cluster has no authorizer: set authorizer.class.name, as docs/kafka.md describes it.',
  REQUEST_TIMED_OUT: 'The controller is slow or away: try again.',
  NOT_CONTROLLER: 'The cluster has no controller at the moment: try again.',
  CONNECTION: 'Check that the brokers run and that KAFKA_BROKERS names them.',
  REQUEST_TIMEOUT: 'A broker is slow or away: try again.',
}

/** The error with its type, the operation, the broker's message, and advice. */
export function explained(error: unknown, what: string): KafkaError {
  if (!(error instanceof KafkaError)) return new KafkaError('UNKNOWN', `${what}: ${String(error)}`, { cause: error })
  const advice = ADVICE[error.type]
  return new KafkaError(
    error.type,
    `${what}: ${error.message}${advice ? `${/[.!?]$/.test(error.message) ? '' : '.'} ${advice}` : ''}`,
    {
      cause: error,
    },
  )
}
