import type { ErrorGroup } from '../api/types.ts'
import { groupKey } from '../event/groups.ts'
import { Failed, Loading } from '../parts/state.tsx'
import { Time } from '../parts/time.tsx'
import { count } from '../words/numbers.ts'
import { w } from '../words/words.ts'

export function ErrorGroups({
  groups,
  others,
  isLoading,
  error,
  chosen,
  onChoose,
}: {
  groups: readonly ErrorGroup[]
  /** Failed attempts in no group that is shown. */
  others: number
  isLoading: boolean
  error: unknown
  chosen: string | undefined
  /** Undefined: none is chosen any more. */
  onChoose(group: ErrorGroup | undefined): void
}) {
  const most = Math.max(1, ...groups.map(each => each.count))
  return (
    <section className="card">
      <h2>{w.webhook.errors}</h2>
      {isLoading ? (
        <Loading />
      ) : error !== null ? (
        <Failed error={error} scope="webhooks:read" />
      ) : groups.length === 0 ? (
        <p className="quiet">{w.webhook.noErrors}</p>
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable with the keyboard */}
          <section className="table-scroll" tabIndex={0} aria-label={w.webhook.errors}>
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">{w.webhook.what}</th>
                  <th scope="col" className="num">
                    {w.webhook.times}
                  </th>
                  <th scope="col" className="narrow-hide">
                    {w.webhook.share}
                  </th>
                  <th scope="col" className="narrow-hide">
                    {w.webhook.first}
                  </th>
                  <th scope="col">{w.webhook.lastSeen}</th>
                </tr>
              </thead>
              <tbody>
                {groups.map(group => {
                  const key = groupKey(group)
                  const isChosen = key === chosen
                  return (
                    <tr key={key} {...(isChosen ? { 'aria-current': true } : {})}>
                      <td>
                        <button
                          type="button"
                          className="button bare small"
                          aria-pressed={isChosen}
                          onClick={() => onChoose(isChosen ? undefined : group)}
                        >
                          {w.errorName(group.errorKind, group.responseStatus)}
                        </button>
                      </td>
                      <td className="num">{count(group.count)}</td>
                      <td className="narrow-hide">
                        <div className="meter bad" aria-hidden="true">
                          <i style={{ width: `${(group.count / most) * 100}%` }} />
                        </div>
                      </td>
                      <td className="narrow-hide">
                        <Time at={group.firstAt} />
                      </td>
                      <td>
                        <Time at={group.lastAt} />
                      </td>
                    </tr>
                  )
                })}
              </tbody>
            </table>
          </section>
          {others > 0 && <p className="quiet">{w.webhook.otherErrors(others)}</p>}
        </>
      )}
    </section>
  )
}
