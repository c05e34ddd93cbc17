/** Organizations by what they did in the last minutes or day, the largest first: where a load comes from. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import type { OrganizationLoad } from '../api/look-types.ts'
import { type Column, Rows } from '../parts/list.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { bytes, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const TOP = 10
const POLL_MS = 15_000
const SPANS = { '15m': 15 * 60_000, '24h': 86_400_000 } as const
type Span = keyof typeof SPANS
const SORTS = ['emits', 'rejected', 'attempts', 'deliveriesWaiting', 'storedBytes'] as const

const COLUMNS: ReadonlyArray<Column<OrganizationLoad>> = [
  {
    name: w.organizations.name,
    kind: 'grow',
    show: ({ organization: { id, name } }) => (
      <Link to="/organizations/$id" params={{ id }}>
        {name}
      </Link>
    ),
  },
  { name: w.load.perSecond, kind: 'num', show: ({ emitsPerSecond }) => count(Math.round(emitsPerSecond * 10) / 10) },
  { name: w.load.emits, kind: 'num', wide: true, show: ({ emits }) => count(emits) },
  { name: w.load.rejected, kind: 'num', show: ({ rejected }) => count(rejected) },
  { name: w.load.attempts, kind: 'num', wide: true, show: ({ attempts }) => count(attempts) },
  { name: w.load.deliveriesWaiting, kind: 'num', wide: true, show: each => count(each.deliveriesWaiting) },
  { name: w.load.storedBytes, kind: 'num', wide: true, show: ({ storedBytes }) => bytes(storedBytes) },
  {
    name: w.load.limit,
    kind: 'num',
    wide: true,
    show: ({ organization: { limits } }) =>
      limits.emitsPerSecond === null ? w.unknown : w.load.limitOf(limits.emitsPerSecond),
  },
]

const isSpan = (text: string | undefined): text is Span => text !== undefined && text in SPANS

export function OrganizationsLoad() {
  const search = useSearch({ from: '/organizations' })
  const navigate = useNavigate({ from: '/organizations' })
  const span: Span = isSpan(search.span) ? search.span : '15m'
  const sort = SORTS.find(each => each === search.sort) ?? 'emits'
  const { data, error, refetch } = useQuery({
    queryKey: ['organizations-load', span, sort],
    queryFn: ({ signal }) =>
      call<OrganizationLoad[]>('GET', '/organizations/usage', {
        query: { from: new Date(Date.now() - SPANS[span]).toISOString(), sort, top: TOP },
        signal,
      }),
    refetchInterval: POLL_MS,
  })
  const busy = (data ?? []).filter(each => each.emits + each.attempts + each.deliveriesWaiting > 0)
  return (
    <section className="card stack tight">
      <div className="row">
        <h2>{w.load.title}</h2>
        {(['15m', '24h'] as const).map(each => (
          <button
            key={each}
            type="button"
            className="button small"
            aria-pressed={each === span}
            onClick={() => void navigate({ search: prev => ({ ...prev, span: each }) })}
          >
            {w.load.spans[each]}
          </button>
        ))}
        <select
          aria-label={w.load.sort}
          value={sort}
          onChange={event => void navigate({ search: prev => ({ ...prev, sort: event.target.value }) })}
        >
          {SORTS.map(each => (
            <option key={each} value={each}>
              {w.load.by(w.load[each])}
            </option>
          ))}
        </select>
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="operator" />
        )
      ) : busy.length === 0 ? (
        <p className="quiet">{w.load.calm}</p>
      ) : (
        <Rows label={w.load.title} rows={busy} idOf={({ organization }) => organization.id} columns={COLUMNS} />
      )}
    </section>
  )
}
