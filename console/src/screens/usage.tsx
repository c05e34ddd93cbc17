import { useQuery } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { Page } from '../parts/page.tsx'
import { Failed, Loading } from '../parts/state.tsx'
import { useNow } from '../parts/time.tsx'
import { percent } from '../words/numbers.ts'
import { w } from '../words/words.ts'
import { OverTime, shown } from './usage-over-time.tsx'

export interface Summary {
  month: string
  final: boolean
  meters: Record<string, number>
  used?: Record<string, number>
  limits: Record<string, number | null>
  warnings: Array<{ meter: string; level: number; used: number; limit: number }>
}

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
            {Object.entries({ ...summary.used, ...summary.meters }).map(([meter, value]) => {
              const limit = summary.limits[meter]
              const isStock = meter === 'stored_bytes' || !(meter in summary.meters)
              const end = isStock ? undefined : projected(summary, value, now)
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
