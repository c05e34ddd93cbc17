/** Who is signed in: one query that every screen shares, and the calls that begin and end it. */
import { QueryClient, queryOptions, useQuery } from '@tanstack/react-query'
import { ApiError, call } from '../api/call.ts'
import type { Environment, Session } from '../api/types.ts'

const RETRIES = 2

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => error instanceof ApiError && error.retryable && failures < RETRIES,
    },
  },
})

/** Null: nobody is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: 60_000,
  queryFn: async (): Promise<Session | null> => {
    try {
      return await call<Session>('GET', '/sessions/current')
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 401)) return null
      throw error
    }
  },
})

/** What another caller has read is forgotten. The session's own query stays: the shell listens to it. */
function becomes(session: Session | null): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] })
  queries.setQueryData(sessionQuery.queryKey, session)
}

export async function signIn(body: { apiKey: string } | { loginToken: string }): Promise<Session> {
  const session = await call<Session>('POST', '/sessions', { body })
  becomes(session)
  return session
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/sessions/current')
  becomes(null)
}

/** The operator's calls see this organization from now on, for an hour at most. */
export async function lookInside(body: {
  organizationId: string
  environment: Environment
  write: boolean
  reason?: string
}): Promise<Session> {
  const session = await call<Session>('POST', '/sessions/act-as', { body })
  becomes(session)
  return session
}

export async function leave(): Promise<Session> {
  const session = await call<Session>('DELETE', '/sessions/act-as')
  becomes(session)
  return session
}

/** Inside the shell only: there is a session. */
export function useSession(): Session {
  const { data } = useQuery(sessionQuery)
  if (data === undefined || data === null) throw new Error('a screen is shown without a session')
  return data
}

/** Scopes that include others, as the platform grants them. */
const INCLUDED_IN: Record<string, string> = {
  'events:read': 'events:manage',
  'webhooks:read': 'webhooks:manage',
  'notifications:send': 'notifications:manage',
  'workflows:read': 'workflows:manage',
}

export function holds(session: Session, scope: string): boolean {
  const wider = INCLUDED_IN[scope]
  return session.scopes.includes(scope) || (wider !== undefined && session.scopes.includes(wider))
}

/** Whether the session may use this scope to change something. */
export const mayChange = (session: Session, scope: string): boolean => !session.readOnly && holds(session, scope)
