/** Open connections beside each other: which one replaces which, and how lists show them. */
import type { OpenStream } from '../../../topics/streams-presence.ts'
import { type Connection, type ConnectionFacts, SESSION_STREAMS } from './ports.ts'

/** By the name that the client gave itself, or by its token. */
export function isReplacedBy(newer: ConnectionFacts, older: ConnectionFacts): boolean {
  const { token, keyId } = newer.subscriber
  if (token !== undefined) return older.subscriber.token?.id === token.id
  const isSameClient = newer.client !== undefined && newer.client === older.client
  return isSameClient && older.subscriber.token === undefined && older.subscriber.keyId === keyId
}

/** Whether a stream of another process replaces this one. */
export function isOlderSibling(own: Connection, other: OpenStream): boolean {
  if (own.client === undefined || own.client !== other.client || own.subscriber.token !== undefined) return false
  return own.subscriber.keyId === other.keyId && own.openedAtMs < other.openedAtMs
}

/** As lists and other processes see it. */
export function presentConnection(connection: Connection): OpenStream {
  const { id, subscriber, client = null, transport, openedAtMs, readers } = connection
  const selectors = [...readers].flatMap(({ question }) => question.selectors)
  return {
    ...{ id, keyId: subscriber.keyId, environment: subscriber.environment, client, transport, openedAtMs },
    types: [...new Set(selectors)],
    behindEvents: [...readers].reduce((sum, reader) => sum + reader.behindEvents(), 0),
    unsentBytes: connection.unsentBytes(),
  }
}

/** Of the console, in whichever process. */
export const isOfSession = ({ keyId }: Pick<OpenStream, 'keyId'>): boolean => keyId.startsWith(SESSION_STREAMS)
