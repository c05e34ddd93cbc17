/** Organizations beside each other, for the operator: who emits how much, and what of one organization it is. */
import type { LoadFigure, OrganizationLoad } from '../../analytics/read/figure-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { getOrganization } from '../../control-plane/store/get-organization.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Answer, Call } from '../http/route.ts'
import { figureRange } from '../http/time-range.ts'

const DEFAULT_MS = 15 * 60_000
const MOST_MS = 7 * 86_400_000
const TOP = 20

export function createLoadHandlers(deps: {
  reads: Pick<Reads, 'loadByOrganization' | 'loadOfOrganization'>
  view: ControlView
  clock: Clock
}) {
  const { reads, view, clock } = deps
  const rangeOf = (query: Record<string, unknown>) =>
    figureRange(query, {
      ...{ nowMs: clock.nowMs(), defaultMs: DEFAULT_MS, mostMs: MOST_MS },
      what: 'seven days are the most',
    })

  return {
    async compare(call: Call): Promise<Answer> {
      const range = rangeOf(call.query)
      const { sort = 'emits', top = TOP } = call.query as { sort?: LoadFigure; top?: number }
      const found = await reads.loadByOrganization({ ...range, sort, top })
      const seconds = Math.max(1, (Date.parse(range.to) - Date.parse(range.from)) / 1_000)
      return { data: found.flatMap(load => present(load, seconds)) }
    },
    async ofOne(call: Call): Promise<Answer> {
      const { id } = getOrganization(view, call.params.id!)
      const { groupBy = 'type' } = call.query as { groupBy?: 'type' | 'key' | 'source' | 'code' }
      return { data: await reads.loadOfOrganization({ ...rangeOf(call.query), organizationId: id, groupBy }) }
    },
  }

  /** Rows that the history still has of a deleted organization are not shown. */
  function present({ organizationId, ...load }: OrganizationLoad, seconds: number): object[] {
    const found = view.organization(organizationId)
    if (found === undefined) return []
    const { id, slug, name, plan, status } = found
    const organization = { id, slug, name, plan, status, limits: found.limits ?? { emitsPerSecond: null } }
    return [{ organization, ...load, emitsPerSecond: Math.round((load.emits / seconds) * 100) / 100 }]
  }
}
