import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { Emit } from '../api/types.ts'
import { HOUR_MS, volumeOf } from '../event/volume.ts'
import { Export } from '../parts/export.tsx'
import { Filters } from '../parts/filters.tsx'
import { type Column, List, useList } from '../parts/list.tsx'
import { EmitMark } from '../parts/mark.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Time } from '../parts/time.tsx'
import { ZoomBars } from '../parts/zoom-bars.tsx'
import { holds, mayChange, useSession } from '../session/session.ts'
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

const FILTERS = [
  'status',
  'code',
  'type',
  'subject',
  'keyId',
  'correlationId',
  'idempotencyKey',
  'noSubscriber',
] as const
const WIDE_RANGES = new Set(['24h', '7d', '30d'])

export function Screen() {
  const search = useSearch({ from: '/log' })
  const navigate = useNavigate({ from: '/log' })
  const session = useSession()
  const { from: usual, range } = useRange()
  const { range: _range, name, ...filters } = search as typeof search & { range?: string }
  const query = { from: usual, ...filters, ...(name !== undefined && { type: name }) }
  const list = useList<Emit>('/events/custom/emits', { ...query, count: true })
  const change = (what: Record<string, string | undefined>) =>
    void navigate({ search: prev => ({ ...prev, ...what }), resetScroll: false })
  const isFiltered = [...FILTERS, 'name' as const].some(each => search[each] !== undefined)
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
          { name: 'type', label: w.log.name, placeholder: w.log.namePlaceholder },
          { name: 'code', label: w.log.codeFilter, placeholder: 'payload_invalid' },
          { name: 'subject', label: w.log.subject },
          { name: 'correlationId', label: w.log.correlation },
          { name: 'idempotencyKey', label: w.log.key },
          { name: 'keyId', label: w.log.madeBy, placeholder: 'key_…' },
          { name: 'noSubscriber', label: w.log.reached, options: [['true', w.log.nobody]] },
          { name: 'from', label: w.log.from },
          { name: 'to', label: w.log.to },
        ]}
        values={{ ...search, type: search.type ?? name }}
        onChange={what => change('type' in what ? { ...what, name: undefined } : what)}
      />
      <div className="stack tight log-tools">
        {holds(session, 'usage:read') && WIDE_RANGES.has(range) && (
          <Volume from={search.from ?? usual} to={search.to} onZoom={(from, to) => change({ from, to })} />
        )}
        <div className="row">
          {totalText(list.first) !== '' && <span role="status">{totalText(list.first)}</span>}
          {(search.from ?? search.to) !== undefined && (
            <button type="button" className="button small" onClick={() => change({ from: undefined, to: undefined })}>
              {w.log.wholeRange}
            </button>
          )}
          {list.rows.length > 0 && <Export path="/events/custom/emits" query={query} name="emits" />}
        </div>
      </div>
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
        filtered={isFiltered}
        onClear={() => void navigate({ search: ({ range: kept }) => ({ ...(kept && { range: kept }) }) })}
        scope="events:read"
      />
    </Page>
  )
}

const totalText = (first: { total: number | undefined; totalAtLeast: number | undefined } | undefined): string =>
  first?.total !== undefined
    ? w.log.total(first.total)
    : first?.totalAtLeast !== undefined
      ? w.log.totalAtLeast(first.totalAtLeast)
      : ''

/** All emits of the range by hour, whatever is filtered; dragging over it marks a part. */
function Volume({
  from,
  to,
  onZoom,
}: {
  from: string
  to: string | undefined
  onZoom(from: string, to: string): void
}) {
  const { data } = useQuery({
    queryKey: ['log-volume', from, to],
    queryFn: ({ signal }) =>
      call<Array<{ start: string; meter: string; count: number }>>('GET', '/usage/timeseries', {
        query: { meters: 'emits,emits_rejected', interval: 'hour', from, to },
        signal,
      }),
    retry: false,
  })
  const buckets = volumeOf(data ?? [], from, to)
  if (buckets.length < 2) return null
  return (
    <ZoomBars
      label={w.log.volume}
      buckets={buckets}
      onZoom={(first, last) => {
        const end = Date.parse(buckets[last - 1]!.start) + HOUR_MS
        onZoom(buckets[first]!.start, new Date(end).toISOString())
      }}
    />
  )
}
