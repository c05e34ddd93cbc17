/** What surrounds every screen: navigation, who is signed in, search, time range, and the view's settings. */
import { Link, Outlet, useNavigate, useRouterState, useSearch } from '@tanstack/react-router'
import { Suspense, useEffect, useState } from 'react'
import type { Session } from '../api/types.ts'
import { RANGES, type Range, USUAL_RANGE } from '../parts/range.ts'
import { Loading } from '../parts/state.tsx'
import { webAddress } from '../session/portal.ts'
import { w } from '../words/words.ts'
import { InsideBanner } from './inside-banner.tsx'
import { navigationOf } from './navigation.ts'
import { Progress } from './progress.tsx'
import { Search } from './search.tsx'
import { KeyList, View } from './view.tsx'

type Open = 'search' | 'view' | 'keys' | undefined

export function Shell({ session }: { session: Session }) {
  const [open, setOpen] = useState<Open>()
  const [isMenuOpen, setMenuOpen] = useState(false)
  const path = useRouterState({ select: state => state.location.pathname })
  useShortcuts(setOpen)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(() => setMenuOpen(false), [path])
  return (
    <div className="shell" data-environment={session.environment ?? undefined} data-kind={session.kind}>
      <a className="skip button" href="#content">
        {w.skip}
      </a>
      <Navigation session={session} isOpen={isMenuOpen} />
      <header className="top">
        <button
          type="button"
          className="button menu-button"
          aria-expanded={isMenuOpen}
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          {w.menu}
        </button>
        <Who session={session} />
        {session.organization !== null && <RangeChoice />}
        <button type="button" className="button search-button" onClick={() => setOpen('search')}>
          <span className="wide">{w.search.button}</span>
          <span className="narrow">{w.search.title}</span>
          <kbd className="wide">/</kbd>
        </button>
        <button type="button" className="button" onClick={() => setOpen('view')}>
          {w.settings.title}
        </button>
      </header>
      <main className="main" id="content" tabIndex={-1}>
        <InsideBanner session={session} />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <Progress />
      {open === 'search' && <Search session={session} onClose={() => setOpen(undefined)} />}
      {open === 'view' && (
        <View
          hasTheme={session.theme?.mode !== undefined}
          onClose={() => setOpen(undefined)}
          onKeys={() => setOpen('keys')}
        />
      )}
      {open === 'keys' && <KeyList onClose={() => setOpen(undefined)} />}
    </div>
  )
}

function Navigation({ session, isOpen }: { session: Session; isOpen: boolean }) {
  return (
    <nav className={isOpen ? 'nav open' : 'nav'} aria-label={w.navigation}>
      <Link to="/" className="brand">
        {session.theme?.logo !== undefined && <img src={session.theme.logo} alt="" height={24} />}
        {session.theme?.name ?? w.product}
      </Link>
      {navigationOf(session).map(({ name, entries }) => (
        <div key={name ?? ''}>
          {name !== undefined && <h2>{name}</h2>}
          <ul>
            {entries.map(entry => (
              <li key={entry.to}>
                <Link to={entry.to} activeOptions={{ exact: entry.to === '/', includeSearch: false }}>
                  {entry.name}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
      {webAddress(session.returnUrl) !== undefined && (
        <a className="back" href={webAddress(session.returnUrl)}>
          {w.back}
        </a>
      )}
    </nav>
  )
}

function Who({ session }: { session: Session }) {
  const { organization, environment } = session
  return (
    <div className="who">
      {organization?.name ?? w.operatorName}
      {environment !== null && organization !== null && (
        <>
          {' · '}
          <span className={`environment ${environment}`}>{w.environment[environment]}</span>
        </>
      )}
    </div>
  )
}

function RangeChoice() {
  const { range = USUAL_RANGE } = useSearch({ strict: false }) as { range?: Range }
  const navigate = useNavigate()
  return (
    <select
      aria-label={w.range.label}
      className="wide"
      value={range}
      onChange={event =>
        void navigate({ to: '.', search: (prev: object) => ({ ...prev, range: event.target.value as Range }) })
      }
    >
      {RANGES.map(each => (
        <option key={each} value={each}>
          {w.range[each]}
        </option>
      ))}
    </select>
  )
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)

function useShortcuts(open: (what: Open) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isSearch = (event.key === 'k' && (event.ctrlKey || event.metaKey)) || event.key === '/'
      if (isTyping(event.target) && !(event.ctrlKey || event.metaKey)) return
      if (document.querySelector('dialog[open]') !== null) return
      if (isSearch) {
        event.preventDefault()
        open('search')
      } else if (event.key === '?') open('keys')
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [open])
}
