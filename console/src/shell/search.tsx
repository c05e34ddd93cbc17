/** Search: an id goes to its page; a name finds event types, webhooks and organizations. By keyboard alone, too. */
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useDeferredValue, useId, useState } from 'react'
import { call } from '../api/call.ts'
import type { Organization, Registration, Session, Webhook } from '../api/types.ts'
import { Dialog } from '../parts/dialog.tsx'
import { holds } from '../session/session.ts'
import { w } from '../words/words.ts'
import { addressOf } from './id-address.ts'

interface Result {
  address: string
  label: string
  kind: string
}

const RESULTS_MAX = 12

export function Search({ session, onClose }: { session: Session; onClose(): void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const router = useRouter()
  const id = useId()
  const results = useResults(session, text)
  const go = (address: string) => {
    onClose()
    router.history.push(`/console${address}`)
  }
  const onKey = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setAt(Math.max(0, Math.min(results.length - 1, at + step)))
    }
    const chosen = results[at]
    if (event.key !== 'Enter') return
    // The results follow what is typed a moment later; an id needs none.
    const address = addressOf(text) ?? chosen?.address
    if (address !== undefined) go(address)
  }
  return (
    <Dialog title={w.search.title} onClose={onClose}>
      <div className="field">
        <label htmlFor={id}>{w.search.label}</label>
        <input
          id={id}
          autoComplete="off"
          value={text}
          onKeyDown={onKey}
          onChange={event => {
            setText(event.target.value)
            setAt(0)
          }}
        />
      </div>
      <p className="quiet" role="status">
        {text.trim() === '' ? w.search.typing : results.length === 0 ? w.search.none : ''}
      </p>
      <ul className="results">
        {results.map(({ address, label, kind }, index) => (
          <li key={`${address} ${label}`} data-chosen={index === at || undefined}>
            <button type="button" onClick={() => go(address)}>
              <span>{label}</span> <span className="quiet">{kind}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

function useResults(session: Session, text: string): Result[] {
  const wanted = useDeferredValue(text.trim().toLowerCase())
  const isOperator = session.organization === null
  const types = useNames<Registration>('/events/custom', !isOperator && holds(session, 'events:read'))
  const webhooks = useNames<Webhook>('/webhooks', !isOperator && holds(session, 'webhooks:read'))
  const organizations = useNames<Organization>('/organizations', isOperator)
  if (wanted === '') return []
  const address = addressOf(text)
  if (address !== undefined) return [{ address, label: w.search.goTo(text.trim()), kind: '' }]
  const matches = (...texts: Array<string | null>) => texts.some(each => each?.toLowerCase().includes(wanted))
  const found: Result[] = []
  const seen = new Set<string>()
  for (const { namespace, name } of types) {
    const full = `${namespace}.${name}`
    if (!matches(full) || seen.has(full)) continue
    seen.add(full)
    found.push({ address: `/types/${encodeURIComponent(full)}`, label: full, kind: w.search.kinds.type })
  }
  for (const { id, name, url } of webhooks)
    if (matches(name, url)) found.push({ address: `/webhooks/${id}`, label: name ?? url, kind: w.search.kinds.webhook })
  for (const { id, name, slug } of organizations)
    if (matches(name, slug))
      found.push({ address: `/organizations/${id}`, label: name, kind: w.search.kinds.organization })
  return found.slice(0, RESULTS_MAX)
}

function useNames<T>(path: string, enabled: boolean): T[] {
  const { data } = useQuery({
    queryKey: ['search', path],
    queryFn: ({ signal }) => call<T[]>('GET', path, { query: { limit: 100 }, signal }),
    enabled,
    staleTime: 60_000,
  })
  return data ?? []
}
