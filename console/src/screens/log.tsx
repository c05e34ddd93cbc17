import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { Emit } from '../api/types.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { EmitMark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Time } from '../parts/time.tsx'
import { mayChange, useSession } from '../session/session.ts'
import { bytes, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const COLUMNS: ReadonlyArray<Column<Emit>> = [
  { name: w.log.time, show: ({ recordedAt }) => <Time at={recordedAt} /> },
  {
    name: w.log.sequence,
    kind: 'num',
    wide: true,
    show: ({ sequence }) => (sequence === null ? w.unknown : count(sequence)),
  },
  { name: w.log.type, kind: 'grow', show: emit => <EmitLink emit={emit} /> },
  { name: w.log.state, show: ({ status }) => <EmitMark status={status} /> },
  { name: w.log.code, wide: true, show: ({ code }) => (code === null ? w.unknown : <code>{code}</code>) },
  { name: w.log.subjectColumn, wide: true, show: ({ subject }) => subject ?? w.unknown },
  { name: w.log.receivers, kind: 'num', wide: true, show: ({ subscriberCount }) => count(subscriberCount ?? 0) },
  { name: w.log.size, kind: 'num', wide: true, show: ({ payloadBytes }) => bytes(payloadBytes) },
]

export function EmitLink({ emit }: { emit: Emit }) {
  const name = emit.name ?? emit.canonicalName ?? emit.emitId
  return emit.eventId === null || emit.status === 'DEDUPLICATED' ? (
    <Link to="/emits/$id" params={{ id: emit.emitId }}>
      {name}
    </Link>
  ) : (
    <Link to="/events/$id" params={{ id: emit.eventId }}>
      {name}
    </Link>
  )
}

export function Screen() {
  const search = useSearch({ from: '/log' })
  const navigate = useNavigate({ from: '/log' })
  const session = useSession()
  const { from } = useRange()
  const { status, name } = search
  const list = useList<Emit>('/events/custom/emits', { from, status, name })
  return (
    <Page
      title={w.log.title}
      acts={
        mayChange(session, 'events:emit') && (
          <Link to="/emit" className="button main-act">
            {w.log.emit}
          </Link>
        )
      }
    >
      <Filters
        filters={[
          { name: 'status', label: w.log.status, options: Object.entries(w.emitStatus) },
          { name: 'name', label: w.log.name, placeholder: w.log.namePlaceholder },
        ]}
        values={search}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }) })}
      />
      <List
        label={w.log.label}
        list={list}
        columns={COLUMNS}
        idOf={each => each.emitId}
        onOpen={({ eventId, emitId }) =>
          eventId === null
            ? void navigate({ to: '/emits/$id', params: { id: emitId } })
            : void navigate({ to: '/events/$id', params: { id: eventId } })
        }
        empty={<p>{w.log.empty}</p>}
        filtered={status !== undefined || name !== undefined}
        onClear={() => void navigate({ search: ({ range }) => ({ ...(range && { range }) }) })}
        scope="events:read"
      />
    </Page>
  )
}
