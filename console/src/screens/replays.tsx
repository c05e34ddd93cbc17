import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { Replay } from '../api/types.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Time } from '../parts/time.tsx'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const TONES: Record<Replay['state'], Tone> = {
  pending: 'calm',
  running: 'warn',
  paused: 'calm',
  cancelling: 'calm',
  cancelled: 'calm',
  completed: 'good',
  failed: 'bad',
}

export function ReplayMark({ state, pill }: { state: Replay['state']; pill?: boolean }) {
  return (
    <Mark tone={TONES[state]} pill={pill === true}>
      {w.replays.states[state] ?? state}
    </Mark>
  )
}

const number = (value: number | null) => (value === null ? w.unknown : count(value))

const COLUMNS: ReadonlyArray<Column<Replay>> = [
  {
    name: w.replays.kind,
    show: ({ id, kind, options }) => (
      <Link to="/replays/$id" params={{ id }}>
        {w.replays.kinds[kind] ?? kind}
        {options.dryRun && ` (${w.replays.dryRun})`}
      </Link>
    ),
  },
  { name: w.replays.state, show: ({ state }) => <ReplayMark state={state} /> },
  { name: w.replays.range, wide: true, show: ({ source }) => <Time at={source.from} absolute /> },
  { name: w.replays.matched, kind: 'num', show: ({ progress }) => number(progress.matched) },
  { name: w.replays.done, kind: 'num', wide: true, show: ({ progress }) => number(progress.succeeded) },
  { name: w.replays.failed, kind: 'num', wide: true, show: ({ progress }) => number(progress.failed) },
  { name: w.replays.created, show: ({ createdAt }) => <Time at={createdAt} /> },
]

export function Screen() {
  const search = useSearch({ from: '/replays' })
  const navigate = useNavigate({ from: '/replays' })
  const list = useList<Replay>('/replays', { state: search.state })
  return (
    <Page title={w.replays.title}>
      <Filters
        filters={[{ name: 'state', label: w.replays.state, options: Object.entries(w.replays.states) }]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }) })}
      />
      <List
        label={w.replays.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        onOpen={({ id }) => void navigate({ to: '/replays/$id', params: { id } })}
        empty={<p>{w.replays.empty}</p>}
        filtered={search.state !== undefined}
        onClear={() => void navigate({ search: prev => ({ ...prev, state: undefined }) })}
        scope="webhooks:read"
      />
    </Page>
  )
}
