/** Either the sign-in or the shell with a screen: no screen is made without a session. */
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Failed, Loading } from '../parts/state.tsx'
import { applyPortal, wayBack } from '../session/portal.ts'
import { sessionQuery } from '../session/session.ts'
import { Shell } from './shell.tsx'
import { SignIn, takeLoginToken } from './sign-in.tsx'

/** Read before the first look for a session: a link signs in anew. */
const loginToken = takeLoginToken()

export function Gate() {
  const { data, isPending, error, refetch } = useQuery(sessionQuery)
  useEffect(() => {
    if (data !== undefined && data !== null) applyPortal(data)
  }, [data])
  const isOver = data === null && !loginToken.isNew()
  useEffect(() => {
    const back = isOver ? wayBack() : undefined
    if (back !== undefined) location.assign(back)
  }, [isOver])
  if (isPending || (isOver && wayBack() !== undefined)) return <Loading />
  if (data === undefined)
    return (
      <main className="signin">
        <Failed error={error} again={() => void refetch()} />
      </main>
    )
  if (data === null || loginToken.isNew()) return <SignIn loginToken={loginToken} />
  return <Shell session={data} />
}
