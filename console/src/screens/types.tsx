import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Registration } from '../api/types.ts'
import { compareVersions, fullName } from '../event/type-names.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { Register } from './register.tsx'

const TONES: Record<Registration['status'], Tone> = {
  draft: 'calm',
  published: 'good',
  archived: 'calm',
  federated: 'good',
}

export function StatusMark({ status, pill }: { status: Registration['status']; pill?: boolean }) {
  const icon = status === 'archived' ? { icon: '–' } : {}
  return (
    <Mark tone={TONES[status]} pill={pill === true} {...icon}>
      {w.types.statuses[status] ?? status}
    </Mark>
  )
}

interface Name {
  newest: Registration
  versions: number
}

const COLUMNS: ReadonlyArray<Column<Name>> = [
  {
    name: w.types.name,
    kind: 'grow',
    show: ({ newest }) => (
      <Link to="/types/$name" params={{ name: fullName(newest) }}>
        {fullName(newest)}
      </Link>
    ),
  },
  { name: w.types.latest, show: ({ newest }) => newest.version },
  { name: w.types.status, show: ({ newest }) => <StatusMark status={newest.status} /> },
  { name: w.types.versions, kind: 'num', wide: true, show: ({ versions }) => count(versions) },
  { name: w.types.changed, wide: true, show: ({ newest }) => <Time at={newest.publishedAt ?? newest.createdAt} /> },
]

/** Rows are versions, newest first; the list shows names. */
function namesOf(rows: readonly Registration[]): Name[] {
  const names = new Map<string, Name>()
  for (const row of rows) {
    const known = names.get(fullName(row))
    if (known === undefined) names.set(fullName(row), { newest: row, versions: 1 })
    else {
      known.versions++
      if (compareVersions(row.version, known.newest.version) > 0) known.newest = row
    }
  }
  return [...names.values()]
}

export function Screen() {
  const search = useSearch({ from: '/types' })
  const navigate = useNavigate({ from: '/types' })
  const session = useSession()
  const [isMaking, setMaking] = useState(false)
  const list = useList<Registration>(
    '/events/custom',
    { status: search.status, includeInbound: search.status === undefined ? true : undefined },
    ['payloadSchema', 'payloadExample'],
  )
  return (
    <Page
      title={w.types.title}
      acts={
        mayChange(session, 'events:manage') && (
          <button type="button" className="button main-act" onClick={() => setMaking(true)}>
            {w.types.register}
          </button>
        )
      }
    >
      <Filters
        filters={[{ name: 'status', label: w.types.status, options: Object.entries(w.types.statuses) }]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }) })}
      />
      <List
        label={w.types.label}
        list={{ ...list, rows: namesOf(list.rows) }}
        columns={COLUMNS}
        idOf={({ newest }) => fullName(newest)}
        onOpen={({ newest }) => void navigate({ to: '/types/$name', params: { name: fullName(newest) } })}
        empty={<p>{w.types.empty}</p>}
        filtered={search.status !== undefined}
        onClear={() => void navigate({ search: prev => ({ ...prev, status: undefined }) })}
        scope="events:read"
      />
      {isMaking && <Register onClose={() => setMaking(false)} />}
    </Page>
  )
}
