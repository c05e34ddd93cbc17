import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { call } from '../api/call.ts'
import { Bars } from '../parts/bars.tsx'
import { Filters } from '../parts/filters.tsx'
import { Page } from '../parts/page.tsx'
import { useRange } from '../parts/range.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { Time, useNow } from '../parts/time.tsx'
import { bytes, count, percent } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export interface Summary {
  month: string
  final: boolean
  meters: Record<string, number>
  limits: Record<string, number | null>
  warnings: Array<{ meter: string; level: number; used: number; limit: number }>
}

interface Point {
  start: string
  meter: string
  count: number
}

const shown = (meter: string, value: number) => (meter === 'stored_bytes' ? bytes(value) : count(value))

export function Screen() {
  const { data, error, refetch } = useQuery({
    queryKey: ['usage', 'summary'],
    queryFn: ({ signal }) => call<Summary>('GET', '/usage/summary', { signal }),
  })
  return (
    <Page title={w.usage.title}>
      <div className="stack">
        {data === undefined ? (
          error === null ? (
            <Loading />
          ) : (
            <Failed error={error} again={() => void refetch()} scope="usage:read" />
          )
        ) : (
          <Meters summary={data} />
        )}
        <OverTime />
      </div>
    </Page>
  )
}

/** By the share of the month that has passed; a stock, such as stored bytes, is not projected. */
function projected({ month, final }: Summary, value: number, nowMs: number): number | undefined {
  const [year = 0, number = 1] = month.split('-').map(Number)
  const [startMs, endMs] = [Date.UTC(year, number - 1), Date.UTC(year, number)]
  const passed = (nowMs - startMs) / (endMs - startMs)
  return final || passed <= 0.02 || passed > 1 ? undefined : Math.round(value / passed)
}

function Meters({ summary }: { summary: Summary }) {
  const now = useNow()
  return (
    <section className="card">
      <h2>{w.usage.month(summary.month)}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label={w.usage.meter}>
        <table className="list">
          <thead>
            <tr>
              <th scope="col">{w.usage.meter}</th>
              <th scope="col" className="num">
                {w.usage.used}
              </th>
              <th scope="col" className="num">
                {w.usage.limit}
              </th>
              <th scope="col" className="num narrow-hide">
                {w.usage.share}
              </th>
              <th scope="col" className="num narrow-hide">
                {w.usage.projected}
              </th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(summary.meters).map(([meter, value]) => {
              const limit = summary.limits[meter]
              const end = meter === 'stored_bytes' ? undefined : projected(summary, value, now)
              return (
                <tr key={meter}>
                  <td>{w.usage.meters[meter] ?? meter}</td>
                  <td className="num">{shown(meter, value)}</td>
                  <td className="num">
                    {limit === undefined || limit === null ? w.usage.unlimited : shown(meter, limit)}
                  </td>
                  <td className="num narrow-hide">
                    {limit === undefined || limit === null || limit === 0 ? w.unknown : percent(value / limit)}
                  </td>
                  <td className="num narrow-hide">{end === undefined ? w.unknown : w.usage.projection(end)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function OverTime() {
  const search = useSearch({ from: '/usage' })
  const navigate = useNavigate({ from: '/usage' })
  const { range, from } = useRange()
  const meter = search.meter ?? 'emits'
  const interval = search.interval ?? (range === '7d' || range === '30d' ? 'day' : 'hour')
  const { data, error, refetch } = useQuery({
    queryKey: ['usage', meter, interval, from],
    queryFn: ({ signal }) => call<Point[]>('GET', '/usage/timeseries', { query: { meter, interval, from }, signal }),
  })
  return (
    <section className="card stack">
      <h2>{w.usage.overTime}</h2>
      <Filters
        filters={[
          {
            name: 'meter',
            label: w.usage.meter,
            options: Object.entries(w.usage.meters).filter(([name]) => name !== 'registrations' && name !== 'webhooks'),
          },
          { name: 'interval', label: w.usage.interval, options: Object.entries(w.usage.intervals) },
        ]}
        values={{ meter, interval }}
        onChange={change => void navigate({ search: prev => ({ ...prev, ...change }), resetScroll: false })}
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
          <Bars
            label={`${w.usage.meters[meter] ?? meter}, ${w.range[range]}`}
            height={120}
            buckets={data.map(({ start, count: value }) => ({ start, good: value, bad: 0 }))}
          />
          <details>
            <summary>{w.usage.table}</summary>
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">{w.usage.start}</th>
                  <th scope="col" className="num">
                    {w.usage.meters[meter] ?? meter}
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map(({ start, count: value }) => (
                  <tr key={start}>
                    <td>
                      <Time at={start} absolute />
                    </td>
                    <td className="num">{shown(meter, value)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </section>
  )
}
