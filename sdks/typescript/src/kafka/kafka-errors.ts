/** Classifies the errors of kafkajs. */

interface KafkaError {
  name?: string
  type?: string
  retriable?: boolean
  message?: string
  cause?: unknown
}

/** The brokers know the credential and refuse it, or do not know it. */
export function isRefusal(error: unknown): boolean {
  return chain(error).some(
    ({ name, type }) => name === 'KafkaJSSASLAuthenticationError' || /AUTHORIZATION_FAILED$/.test(type ?? ''),
  )
}

/** A broker reported a temporary state: it is still starting, or a coordinator moves. */
export function isTransient(error: unknown): boolean {
  return chain(error).some(
    ({ name, type, retriable }) => name === 'KafkaJSProtocolError' && type !== undefined && retriable === true,
  )
}

/** A broker answered, if only with a refusal. */
export const isAnswer = (error: unknown): boolean => chain(error).some(({ name }) => name === 'KafkaJSProtocolError')

function chain(error: unknown): KafkaError[] {
  const found: KafkaError[] = []
  for (
    let each = error as KafkaError | undefined;
    each && found.length < 10;
    each = each.cause as KafkaError | undefined
  )
    found.push(each)
  return found
}
