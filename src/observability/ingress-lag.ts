/**
 * Admission lag by organization: records of an ingress without a verdict. Only organizations with a lag are reported,
 * the worst first, so that the number of series stays small however many organizations there are.
 */
import { emits } from '../../topics/emits.ts'
import type { Clock } from '../clock.ts'
import type { ControlView } from '../model/control-view.ts'

const TOLD_MAX = 20
/** Reading every end from the broker is not free: two scrapers share one reading. */
const FRESH_MS = 5_000

export interface IngressLag {
  organizationId: string
  records: number
}

export function createIngressLag(deps: {
  view: Pick<ControlView, 'organizations'>
  clock: Clock
  /** The next offset to read; undefined: nothing has been read. */
  position(topic: string, partition: number): number | undefined
  /** The ends of these partitions, by `<topic>/<partition>`. */
  ends(partitions: Array<{ topic: string; partition: number }>): Promise<ReadonlyMap<string, number>>
}): () => Promise<IngressLag[]> {
  let found: Promise<IngressLag[]> | undefined
  let readAtMs = Number.NEGATIVE_INFINITY

  async function ask(): Promise<IngressLag[]> {
    const places = [...deps.view.organizations()]
      .filter(({ status }) => status !== 'deleted')
      .flatMap(({ id, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => ({
          organizationId: id,
          topic: emits.nameFor(id, 'live'),
          partition,
        })),
      )
    const ends = await deps.ends(places)
    const lags = new Map<string, number>()
    for (const { organizationId, topic, partition } of places) {
      const behind = (ends.get(`${topic}/${partition}`) ?? 0) - (deps.position(topic, partition) ?? 0)
      if (behind > 0) lags.set(organizationId, (lags.get(organizationId) ?? 0) + behind)
    }
    return [...lags]
      .map(([organizationId, records]) => ({ organizationId, records }))
      .sort((a, b) => b.records - a.records)
      .slice(0, TOLD_MAX)
  }

  return () => {
    if (found === undefined || deps.clock.monotonicMs() - readAtMs > FRESH_MS) {
      readAtMs = deps.clock.monotonicMs()
      found = ask()
      found.catch(() => {
        found = undefined
      })
    }
    return found
  }
}
