import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { type LiveEvent, useTail } from '../live/tail.ts'
import { Filters } from '../parts/filters.tsx'
import { type Column, Rows } from '../parts/list.tsx'
import { Mark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Failed } from '../parts/state.tsx'
import { visible } from '../parts/text.tsx'
import { usePreferences, zoneName } from '../session/preferences.ts'
import { clockTime, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const PREVIEW_CHARACTERS = 160

export function Screen() {
  const { types = '*' } = useSearch({ from: '/live' })
  const navigate = useNavigate({ from: '/live' })
  const zone = zoneName(usePreferences())
  const [isPaused, setPaused] = useState(false)
  const { state, error, rows, dropped, missed, perSecond, clear } = useTail(types, isPaused)
  const columns: ReadonlyArray<Column<LiveEvent>> = [
    { name: w.log.time, show: ({ recordedAt }) => clockTime(Date.parse(recordedAt), zone) },
    { name: w.log.sequence, kind: 'num', show: ({ sequence }) => count(sequence) },
    {
      name: w.log.type,
      show: ({ id, type }) => (
        <Link to="/events/$id" params={{ id }}>
          {type}
        </Link>
      ),
    },
    { name: w.log.subjectColumn, wide: true, show: ({ subject }) => subject ?? w.unknown },
    {
      name: w.event.payload,
      kind: 'grow',
      wide: true,
      show: ({ data }) => <code>{visible(data?.text.slice(0, PREVIEW_CHARACTERS) ?? '')}</code>,
    },
  ]
  return (
    <Page
      title={w.live.title}
      beside={
        <>
          <Mark tone={state === 'open' ? 'good' : 'warn'} icon={isPaused ? '‖' : '●'} pill>
            {isPaused
              ? w.live.paused(missed)
              : state === 'open'
                ? w.live.open
                : state === 'lost'
                  ? w.live.lost
                  : w.live.connecting}
          </Mark>
          <span className="quiet">{w.live.rate(perSecond)}</span>
        </>
      }
      acts={
        <>
          <button type="button" className="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? w.live.resume : w.live.pause}
          </button>
          <button type="button" className="button" onClick={clear}>
            {w.live.clear}
          </button>
        </>
      }
    >
      <Filters
        filters={[{ name: 'types', label: w.live.types, placeholder: w.live.typesPlaceholder }]}
        values={{ types: types === '*' ? undefined : types }}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }) })}
      />
      {error !== undefined ? (
        <Failed error={error} scope="events:read" />
      ) : rows.length === 0 ? (
        <Empty>
          <p>{w.live.empty}</p>
        </Empty>
      ) : (
        <Rows
          label={w.live.label}
          rows={rows}
          columns={columns}
          idOf={each => each.id}
          onOpen={({ id }) => void navigate({ to: '/events/$id', params: { id } })}
        />
      )}
      {dropped > 0 && <p className="quiet">{w.live.dropped(dropped)}</p>}
    </Page>
  )
}
