/** A meter over time, in groups if wanted, as a plot, a table and a file. All of it is in the address. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import { bucketsOf, GROUPS_OF, type Point, spanOf } from '../event/usage-span.ts'
import { Bars } from '../parts/bars.tsx'
import { Export } from '../parts/export.tsx'
import { Filters } from '../parts/filters.tsx'
import { useRange } from '../parts/range.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { bytes, count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

const UNCOUNTED = new Set(['registrations', 'webhooks'])

export const shown = (meter: string, value: number) => (meter.endsWith('_bytes') ? bytes(value) : count(value))

export function OverTime() {
  const search = useSearch({ from: '/usage' })
  const navigate = useNavigate({ from: '/usage' })
  const { range, from } = useRange()
  const meter = search.meter ?? 'emits'
  const span = spanOf(search.span, new Date())
  const usual = span === undefined ? (range === '7d' || range === '30d' ? 'day' : 'hour') : 'day'
  const interval = search.interval ?? usual
  const groups = GROUPS_OF[meter] ?? []
  const groupBy = groups.find(each => each === search.groupBy)
  const query = { meter, interval, groupBy, ...(span ?? { from }) }
  const { data, error, refetch } = useQuery({
    queryKey: ['usage', query],
    queryFn: ({ signal }) => call<Point[]>('GET', '/usage/timeseries', { query, signal }),
  })
  const change = (what: Record<string, string | undefined>) =>
    void navigate({ search: prev => ({ ...prev, ...what }), resetScroll: false })
  return (
    <section className="card stack">
      <h2>{w.usage.overTime}</h2>
      <Filters
        filters={[
          {
            name: 'meter',
            label: w.usage.meter,
            options: Object.entries(w.usage.meters).filter(([name]) => !UNCOUNTED.has(name)),
          },
          { name: 'span', label: w.usage.span, options: Object.entries(w.usage.spans) },
          { name: 'interval', label: w.usage.interval, options: Object.entries(w.usage.intervals) },
          ...(groups.length === 0
            ? []
            : [
                {
                  name: 'groupBy',
                  label: w.usage.groupBy,
                  options: groups.map(each => [each, w.usage.groups[each] ?? each] as const),
                },
              ]),
        ]}
        values={{ meter, interval, groupBy, span: search.span }}
        onChange={change}
      />
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <Failed error={error} again={() => void refetch()} scope="usage:read" />
        )
      ) : data.length === 0 ? (
        <p className="quiet">{w.usage.empty}</p>
      ) : (
        <>
          <Bars label={w.usage.meters[meter] ?? meter} height={120} buckets={bucketsOf(data)} />
          <div className="row">
            <span>
              {w.usage.sum(
                shown(
                  meter,
                  data.reduce((sum, each) => sum + each.count, 0),
                ),
              )}
            </span>
            <Export path="/usage/timeseries" query={query} name={`usage-${meter}`} kinds={['csv']} />
          </div>
          <Table points={data} meter={meter} isGrouped={groupBy !== undefined} />
        </>
      )}
    </section>
  )
}

function Table({ points, meter, isGrouped }: { points: readonly Point[]; meter: string; isGrouped: boolean }) {
  return (
    <details>
      <summary>{w.usage.table}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label={w.usage.table}>
        <table className="list">
          <thead>
            <tr>
              <th scope="col">{w.usage.start}</th>
              {isGrouped && <th scope="col">{w.usage.group}</th>}
              <th scope="col" className="num">
                {w.usage.meters[meter] ?? meter}
              </th>
            </tr>
          </thead>
          <tbody>
            {points.map(({ start, group, count: value, complete }) => (
              <tr key={`${start} ${group}`}>
                <td>
                  <Time at={start} absolute />
                  {complete === false && <span className="quiet"> {w.usage.incomplete}</span>}
                </td>
                {isGrouped && <td>{group ?? w.usage.rest}</td>}
                <td className="num">{shown(meter, value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}
