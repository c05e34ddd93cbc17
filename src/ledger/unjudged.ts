/**
 * Emits that wait for their verdict for more than a minute. The end of each ingress is remembered with the time at which
 * it was read; the records before it have been appended by then. Each look asks about a bounded number of organizations:
 * those that wait, and a part of the others.
 */
import { emits } from '../../topics/emits.ts'
import type { Clock, Random, Timer } from '../clock.ts'
import type { Drift } from '../control-plane/drift/drift.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Observation } from '../model/drift.ts'
import { ENVIRONMENTS, type Environment } from '../model/environments.ts'
import { createRotation } from './rotation.ts'

export const UNJUDGED_MS = 60_000
const EVERY_MS = 20_000
/** One look asks about so many organizations that wait, and so many others. */
export const ORGANIZATIONS_MAX = 500

interface Ingress {
  organizationId: string
  environment: Environment
  topic: string
  partition: number
}

export interface UnjudgedWatch {
  /** One look; for tests. */
  look(): Promise<void>
  close(): void
}

export function watchUnjudged(deps: {
  view: Pick<ControlView, 'organizations' | 'list'>
  drift: Pick<Drift, 'look'>
  clock: Clock
  random: Pick<Random, 'uniform'>
  logger: Logger
  /** The next offset that admission reads; undefined: it has read nothing. */
  position(topic: string, partition: number): number | undefined
  /** The ends of these partitions, by `<topic>/<partition>`. */
  ends(partitions: Array<{ topic: string; partition: number }>): Promise<ReadonlyMap<string, number>>
  /** Markers of transactions and aborted records lie in a log too, and are never judged. */
  hasRecords(topic: string, partition: number, from: number, end: number): Promise<boolean>
}): UnjudgedWatch {
  const { view, drift, clock, logger } = deps
  /** An end that admission has not reached, and when it was read; `isEmpty`: no record lies before it. */
  const waiting = new Map<string, { organizationId: string; end: number; sinceMs: number; isEmpty: boolean }>()
  const rotation = createRotation(ORGANIZATIONS_MAX, deps.random.uniform())
  let timer: Timer | undefined
  let closed = false

  async function isLate(place: Ingress, end: number, nowMs: number): Promise<boolean> {
    const { organizationId, topic, partition } = place
    const key = keyOf(place)
    const position = deps.position(topic, partition) ?? 0
    const before = waiting.get(key)
    let isEmpty = false
    if (before !== undefined && position < before.end) {
      if (nowMs - before.sinceMs < UNJUDGED_MS) return false
      if (await deps.hasRecords(topic, partition, position, before.end)) return true
      isEmpty = before.end === end
    }
    if (position < end) waiting.set(key, { organizationId, end, sinceMs: nowMs, isEmpty })
    else waiting.delete(key)
    return false
  }

  async function look(): Promise<void> {
    const all = [...view.organizations()].filter(({ status }) => status !== 'deleted')
    const byId = new Map(all.map(each => [each.id, each]))
    for (const [key, { organizationId }] of waiting) if (!byId.has(organizationId)) waiting.delete(key)
    const found = new Set(all.map(({ id }) => id).filter(hasFinding))
    const first = new Set([...[...waiting.values()].map(({ organizationId }) => organizationId), ...found])
    const turn = rotation.next([...byId.keys()], first).map(id => placesOf(byId.get(id)!))
    const ends = await deps.ends(turn.flat())
    const nowMs = clock.monotonicMs()
    for (const places of turn) {
      const late = new Map<Ingress, number>()
      for (const place of places) {
        const end = ends.get(keyOf(place)) ?? 0
        if (await isLate(place, end, nowMs)) late.set(place, end - (deps.position(place.topic, place.partition) ?? 0))
      }
      await note(places, late, found)
    }
  }

  /** A partition of which this process does not know yet ends no finding: another process may have seen it. */
  async function note(
    places: readonly Ingress[],
    late: ReadonlyMap<Ingress, number>,
    found: ReadonlySet<string>,
  ): Promise<void> {
    const { organizationId } = places[0]!
    const isUnknown = places.some(place => waiting.get(keyOf(place))?.isEmpty === false)
    if (late.size === 0 && (isUnknown || !found.has(organizationId))) return
    const observed = late.size === 0 ? [] : [observationOf(late)]
    for (const { actual } of observed)
      logger.error({ organizationId, ...actual }, 'emits have waited a minute for their verdict')
    await drift.look({ organizationId, covers: ({ kind }) => kind === 'admission', observe: () => observed })
  }

  /** One that may be over. */
  const hasFinding = (id: string): boolean =>
    view.list('drift-finding', id).some(({ kind, status }) => kind === 'admission' && status !== 'resolved')

  function arm(): void {
    if (closed) return
    timer = clock.after(EVERY_MS, () => {
      look()
        .catch(error => logger.warn({ error: String(error) }, 'emits without a verdict could not be looked for'))
        .finally(arm)
    })
  }
  arm()
  return {
    look,
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

function placesOf({ id, partitions, testEnvironment }: { id: string; partitions: number; testEnvironment: boolean }) {
  const environments = testEnvironment ? ENVIRONMENTS : (['live'] as const)
  return environments.flatMap(environment =>
    Array.from(
      { length: partitions },
      (_, partition): Ingress => ({
        ...{ organizationId: id, environment, partition },
        topic: emits.nameFor(id, environment),
      }),
    ),
  )
}

const keyOf = ({ topic, partition }: Pick<Ingress, 'topic' | 'partition'>): string => `${topic}/${partition}`

/** One finding per organization, however many partitions wait. */
function observationOf(late: ReadonlyMap<Ingress, number>): Observation {
  const [{ organizationId, environment, partition }] = [...late.keys()] as [Ingress]
  const waiting = [...late.values()].reduce((sum, each) => sum + each, 0)
  return {
    ...{ kind: 'admission', severity: 'critical', entityType: 'organization', entityId: organizationId },
    canonicalName: null,
    message: `${waiting} emits have no verdict, some of them for more than a minute.`,
    expected: { waiting: 0 },
    actual: { waiting, ...(late.size === 1 ? { environment, partition } : {}) },
    diff: [{ path: '', change: 'not_judged' }],
  }
}
