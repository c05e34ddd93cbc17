/** What the Kafka client reports, as the result of an attempt: a kind, a sentence, and whether a retry can help. */
import { AttemptError } from '../delivery/attempt-error.ts'

/** A record that no retry gets in. */
const FINAL = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD'])
const SENTENCES: Readonly<Record<string, string>> = {
  MESSAGE_TOO_LARGE: 'The record is larger than the topic takes',
  RECORD_LIST_TOO_LARGE: 'The record is larger than the topic takes',
  INVALID_RECORD: 'The broker refuses the record',
  UNKNOWN_TOPIC_OR_PARTITION: 'There is no such topic, and none is made',
  TOPIC_AUTHORIZATION_FAILED: 'The user may not write into the topic',
  CLUSTER_AUTHORIZATION_FAILED: 'The user may not write into the cluster',
  NOT_ENOUGH_REPLICAS: 'The topic has too few replicas in sync',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'The topic has too few replicas in sync',
}

interface Reported extends Error {
  type?: unknown
  cause?: unknown
  originalError?: unknown
}

/** The error under those that only say that it was tried several times. */
function innermost(error: unknown): Reported {
  let inner = error as Reported
  for (let depth = 0; depth < 8; depth++) {
    const next = [inner.cause, inner.originalError].find(each => each instanceof Error && each !== inner)
    if (next === undefined) return inner
    inner = next as Reported
  }
  return inner
}

export interface SinkFailure {
  error: AttemptError
  /** A retry gets it in no more than this attempt did. */
  isFinal: boolean
}

/** `fault`: of a connection of this attempt, if one failed. */
export function sinkFailure(reported: unknown, fault: AttemptError | undefined): SinkFailure {
  const { name, message, type } = innermost(reported)
  if (typeof type === 'string' && name === 'KafkaJSProtocolError') {
    const error = new AttemptError(
      type.endsWith('_TOO_LARGE') ? 'too_large' : 'broker',
      `${SENTENCES[type] ?? plain(message)} (${type}).`,
    )
    return { error, isFinal: FINAL.has(type) }
  }
  if (name === 'KafkaJSSASLAuthenticationError')
    return { error: new AttemptError('broker', `The sign-in was refused: ${plain(message)}.`), isFinal: false }
  if (fault !== undefined) return { error: fault, isFinal: false }
  const kind = name === 'KafkaJSRequestTimeoutError' || message.includes('timeout') ? 'timeout' : 'connect'
  return { error: new AttemptError(kind, `${plain(message)}.`), isFinal: false }
}

/** Cut: a broker writes what it likes into its messages. */
const plain = (message: string): string =>
  message
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, 300)
    .replace(/\.$/, '')
