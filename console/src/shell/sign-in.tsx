/** Sign-in with a key, or with a link that works once. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useId, useRef, useState } from 'react'
import { Failed, Problem } from '../parts/state.tsx'
import { queries, sessionQuery, signIn } from '../session/session.ts'
import { w } from '../words/words.ts'

export interface LoginToken {
  /** Whether there is one that has not been tried. */
  isNew(): boolean
  /** Only the first call gets it. */
  take(): string | undefined
}

/** The token travels behind `#`, which browsers send to nobody; it leaves the address at once. */
export function takeLoginToken(): LoginToken {
  let token = /^#login=([\w.-]{1,500})$/.exec(location.hash)?.[1]
  if (token !== undefined) history.replaceState(null, '', location.pathname + location.search)
  return {
    isNew: () => token !== undefined,
    take() {
      const taken = token
      token = undefined
      return taken
    },
  }
}

export function SignIn({ loginToken }: { loginToken: LoginToken }) {
  const [byLink] = useState(() => loginToken.isNew())
  const act = useMutation({
    mutationFn: signIn,
    onSuccess: async () => {
      // The answer to the next call shows whether the browser keeps the cookie.
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
    },
  })
  const started = useRef(false)
  const { mutate } = act
  useEffect(() => {
    document.title = `${w.signIn.title}`
    if (started.current) return
    started.current = true
    const token = loginToken.take()
    if (token !== undefined) mutate({ loginToken: token })
  }, [loginToken, mutate])
  return (
    <main className="signin">
      <h1>{w.signIn.title}</h1>
      {byLink && act.isPending && <p role="status">{w.signIn.byLink}</p>}
      {byLink && act.isError && <p className="banner warn">{w.signIn.linkFailed}</p>}
      <KeyForm isBusy={act.isPending} onKey={apiKey => mutate({ apiKey })} />
      {act.isSuccess && <p className="banner warn">{w.signIn.noCookie}</p>}
      {act.isError && !byLink && <Problem title={w.states.failedAct} error={act.error} />}
      {act.isError && byLink && <Failed error={act.error} />}
    </main>
  )
}

function KeyForm({ isBusy, onKey }: { isBusy: boolean; onKey(key: string): void }) {
  const id = useId()
  return (
    <form
      className="stack card"
      onSubmit={event => {
        event.preventDefault()
        const key = new FormData(event.currentTarget).get('key')
        if (typeof key === 'string' && key.trim() !== '') onKey(key.trim())
      }}
    >
      <div className="field">
        <label htmlFor={id}>{w.signIn.key}</label>
        <input id={id} name="key" type="password" autoComplete="off" required aria-describedby={`${id}-help`} />
        <span className="help" id={`${id}-help`}>
          {w.signIn.help}
        </span>
      </div>
      <button type="submit" className="button main-act" disabled={isBusy}>
        {w.signIn.act}
      </button>
    </form>
  )
}
