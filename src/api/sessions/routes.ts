/** Routes of sessions of the console. */
import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import type { createSessionHandlers } from './handlers.ts'
import * as sessions from './schemas.ts'

export type SessionHandlers = ReturnType<typeof createSessionHandlers>

const PATH = '/api/v1/sessions'

// biome-ignore format: a table
export function createSessionRoutes(on: SessionHandlers): Route[] {
  const { session, login } = sessions
  const harmless = { changesNothing: true }
  return [
    route('POST', PATH, 'public', 'Sign in to the console with a key or a login token; the answer sets a cookie.', { body: sessions.newSession, answer: session, status: 201 }, on.create),
    route('GET', `${PATH}/current`, 'public', 'The session of the call.', { answer: session }, on.current),
    route('DELETE', `${PATH}/current`, 'public', 'Sign out.', { answer: sessions.sessionEnded }, on.end),
    route('POST', `${PATH}/login-tokens`, 'any', 'A token that signs in once, for the session of the calling key.', { body: sessions.newLogin, bodyOptional: true, answer: login, status: 201 }, on.issueLogin),
    route('POST', `${PATH}/act-as`, 'operator', 'Look inside an organization for an hour, or write in it for a reason.', { ...harmless, body: sessions.newActAs, answer: session, status: 201 }, on.actAs),
    route('DELETE', `${PATH}/act-as`, 'operator', 'Leave the organization.', { ...harmless, answer: session }, on.leaveOrganization),
    route('POST', '/api/v1/organizations/:id/console-links', 'any', 'A link that opens the console once, with these scopes of an organization.', { body: sessions.newConsoleLink, answer: login, status: 201 }, on.consoleLink),
  ]
}
