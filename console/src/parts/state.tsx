/** The pictures of a part of a page that is not there: loading, empty, failed, and not for this key. */
import type { ReactNode } from 'react'
import { ApiError } from '../api/call.ts'
import { w } from '../words/words.ts'

export function Loading() {
  return (
    <div className="state" role="status">
      {w.states.loading}
    </div>
  )
}

export function Empty({ children }: { children: ReactNode }) {
  return <div className="state">{children}</div>
}

/** `scope`: what the call needs, for the sentence of a key that lacks it. */
export function Failed({ error, again, scope }: { error: unknown; again?: (() => void) | undefined; scope?: string }) {
  if (error instanceof ApiError && error.code === 'insufficient_scope')
    return (
      <div className="state">
        <h2>{w.states.forbiddenTitle}</h2>
        <p>{scope === undefined ? error.message : w.states.forbidden(scope)}</p>
      </div>
    )
  return <Problem title={w.states.failed} error={error} again={again} />
}

/** `title`: what did not work, in a sentence. */
export function Problem({ title, error, again }: { title: string; error: unknown; again?: (() => void) | undefined }) {
  const known = error instanceof ApiError ? error : undefined
  const mayRepeat = again !== undefined && (known === undefined || known.retryable)
  return (
    <div className="banner bad" role="alert">
      <strong>{title}</strong> <span>{known?.message ?? String(error)}</span>
      {known !== undefined && known.details.length > 0 && (
        <ul>
          {known.details.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      <div className="row quiet">
        {known !== undefined && (
          <span>
            {w.states.code} <code>{known.code}</code>
          </span>
        )}
        {known?.requestId !== undefined && (
          <span>
            {w.states.requestId} <code>{known.requestId}</code>
          </span>
        )}
        {mayRepeat && (
          <button type="button" className="button small" onClick={again}>
            {w.states.repeat}
          </button>
        )}
      </div>
    </div>
  )
}
