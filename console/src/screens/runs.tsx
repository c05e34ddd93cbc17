import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { RunStatus, RunSummary } from '../api/automate-types.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { Mark, type Tone } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Time } from '../parts/time.tsx'
import { duration } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const TONES: Record<RunStatus, Tone> = {
  queued: 'calm',
  running: 'warn',
  waiting: 'calm',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'calm',
  timed_out: 'bad',
  truncated: 'bad',
  skipped: 'calm',
}

export function RunMark({ status, pill }: { status: RunStatus; pill?: boolean }) {
  const icon = status === 'cancelled' || status === 'skipped' ? { icon: '–' } : {}
  return (
    <Mark tone={TONES[status] ?? 'calm'} pill={pill === true} {...icon}>
      {w.runStatus[status] ?? status}
    </Mark>
  )
}

export const causeOf = ({ trigger }: RunSummary): string =>
  trigger.canonicalName ?? w.runs.causes[trigger.kind] ?? trigger.kind

export const COLUMNS: ReadonlyArray<Column<RunSummary>> = [
  {
    name: w.runs.started,
    show: ({ id, startedAt }) => (
      <Link to="/runs/$id" params={{ id }}>
        <Time at={startedAt} />
      </Link>
    ),
  },
  { name: w.runs.status, show: ({ status }) => <RunMark status={status} /> },
  { name: w.runs.trigger, kind: 'grow', wide: true, show: causeOf },
  {
    name: w.runs.code,
    show: ({ error, skipReason }) =>
      error !== null ? (
        <code>{error.code}</code>
      ) : skipReason === null ? (
        w.unknown
      ) : (
        (w.runs.skips[skipReason] ?? skipReason)
      ),
  },
  { name: w.runs.version, kind: 'num', wide: true, show: ({ workflowVersion }) => workflowVersion },
  {
    name: w.runs.took,
    kind: 'num',
    wide: true,
    show: ({ durationMs }) => (durationMs === null ? w.unknown : duration(durationMs)),
  },
]

const FILTERS = ['status', 'workflowId', 'code', 'event'] as const

export function Screen() {
  const search = useSearch({ from: '/runs' })
  const navigate = useNavigate({ from: '/runs' })
  const { from } = useRange()
  const { status, workflowId, code, event } = search
  const list = useList<RunSummary>('/workflows/runs', { from, status, workflowId, code, event })
  return (
    <Page title={w.runs.title}>
      <Filters
        filters={[
          { name: 'status', label: w.runs.status, options: Object.entries(w.runStatus) },
          { name: 'workflowId', label: w.runs.workflow, placeholder: 'wf_…' },
          { name: 'code', label: w.runs.code },
          { name: 'event', label: w.runs.event, placeholder: w.log.namePlaceholder },
        ]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }), resetScroll: false })}
      />
      <List
        label={w.runs.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.id}
        onOpen={({ id }) => void navigate({ to: '/runs/$id', params: { id } })}
        empty={<p>{w.runs.empty}</p>}
        filtered={FILTERS.some(each => search[each] !== undefined)}
        onClear={() => void navigate({ search: ({ range }) => ({ ...(range && { range }) }) })}
        scope="workflows:read"
      />
    </Page>
  )
}
