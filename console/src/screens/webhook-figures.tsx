/** Attempts of a webhook over the time range, by the platform: every one of them, not those of a page. */
import type { WebhookStats } from '../api/types.ts'
import { Bars } from '../parts/bars.tsx'
import { Loading } from '../parts/state.tsx'
import { usePreferences, zoneName } from '../session/preferences.ts'
import { clockTime, count, duration, percent } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export function WebhookFigures({ stats }: { stats: WebhookStats | undefined }) {
  const zone = zoneName(usePreferences())
  if (stats === undefined)
    return (
      <section className="card">
        <h2>{w.webhook.overTime}</h2>
        <Loading />
      </section>
    )
  const { buckets } = stats
  const sum = (of: 'attempts' | 'succeeded' | 'failed') => buckets.reduce((total, each) => total + each[of], 0)
  const attempts = sum('attempts')
  const slowest = Math.max(0, ...buckets.map(({ p95Ms }) => p95Ms ?? 0))
  const used = buckets.filter(each => each.attempts > 0)
  return (
    <section className="card">
      <h2>{w.webhook.overTime}</h2>
      {attempts === 0 ? (
        <p className="quiet">{w.webhook.noFigures}</p>
      ) : (
        <div className="stack tight">
          <p>{w.webhook.figuresOf(attempts, percent(sum('succeeded') / attempts), duration(slowest))}</p>
          <Bars
            label={w.webhook.overTime}
            buckets={buckets.map(({ start, succeeded, failed }) => ({ start, good: succeeded, bad: failed }))}
          />
          <details>
            <summary>{w.webhook.bucketsTable}</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
            <section className="table-scroll" tabIndex={0} aria-label={w.webhook.overTime}>
              <table className="list">
                <thead>
                  <tr>
                    <th scope="col">{w.webhook.start}</th>
                    {[w.webhook.succeeded, w.webhook.failed, 'p50', 'p95'].map(name => (
                      <th key={name} scope="col" className="num">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {used.map(({ start, succeeded, failed, p50Ms, p95Ms }) => (
                    <tr key={start}>
                      <td>{clockTime(Date.parse(start), zone)}</td>
                      <td className="num">{count(succeeded)}</td>
                      <td className="num">{count(failed)}</td>
                      <td className="num">{p50Ms === null ? w.unknown : duration(p50Ms)}</td>
                      <td className="num">{p95Ms === null ? w.unknown : duration(p95Ms)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          </details>
        </div>
      )}
    </section>
  )
}
