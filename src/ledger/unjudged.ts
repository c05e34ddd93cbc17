/**
 * Emits that wait for their verdict for more than a minute. The end of each ingress is remembered with the time at which
 * it was read; the records before it have been appended by then.
 */
import { emits } from '../../topics/emits.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Drift } from '../control-plane/drift/drift.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Observation } from '../model/drift.ts'
import { ENVIRONMENTS, type Environment } from '../model/environments.ts'

export const UNJUDGED_MS = 60_000
const EVERY_MS = 20_000

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
  logger: Logger
  /** The next offset that admission reads; undefined: it has read nothing. */
  position(topic: string, partition: number): number | undefined
  /** The ends of these partitions, by `<topic>/<partition>`. */
  ends(partitions: Array<{ topic: string; partition: number }>): Promise<ReadonlyMap<string, number>>
  /** Markers of transactions and aborted records lie in a log too, and are never judged. */
  hasRecords(topic: string, partition: number, from: number, end: number): Promise<boolean>
}): UnjudgedWatch {
  const { view, drift, clock, logger } = deps
  /** An end that admission has not reached, and when it was read. */
  const waiting = new Map<string, { end: number; sinceMs: number }>()
  let timer: Timer | undefined
  let closed = false

  async function isLate({ topic, partition }: Ingress, end: number, nowMs: number): Promise<boolean> {
    const key = `${topic}/${partition}`
    const position = deps.position(topic, partition) ?? 0
    const before = waiting.get(key)
    if (before !== undefined && position < before.end) {
      if (nowMs - before.sinceMs < UNJUDGED_MS) return false
      if (await deps.hasRecords(topic, partition, position, before.end)) return true
    }
    if (position < end) waiting.set(key, { end, sinceMs: nowMs })
    else waiting.delete(key)
    return false
  }

  async function look(): Promise<void> {
    const places = [...view.organizations()].filter(({ status }) => status !== 'deleted').flatMap(placesOf)
    const ends = await deps.ends(places)
    const nowMs = clock.monotonicMs()
    const late = new Map<string, Observation>()
    for (const place of places) {
      const end = ends.get(`${place.topic}/${place.partition}`) ?? 0
      if (await isLate(place, end, nowMs)) add(late, place, end - (deps.position(place.topic, place.partition) ?? 0))
    }
    const concerned = new Set([...late.keys(), ...withFindings(view)])
    for (const organizationId of concerned) {
      const found = late.get(organizationId)
      if (found !== undefined)
        logger.error({ organizationId, ...found.actual }, 'emits have waited a minute for their verdict')
      await drift.look({
        organizationId,
        covers: ({ kind }) => kind === 'admission',
        observe: () => (found === undefined ? [] : [found]),
      })
    }
  }

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

/** Organizations whose finding may be over. */
function withFindings(view: Pick<ControlView, 'organizations' | 'list'>): string[] {
  return [...view.organizations()]
    .map(({ id }) => id)
    .filter(id =>
      view.list('drift-finding', id).some(({ kind, status }) => kind === 'admission' && status !== 'resolved'),
    )
}

/** One finding per organization, however many partitions wait. */
function add(late: Map<string, Observation>, { organizationId, environment, partition }: Ingress, waits: number): void {
  const before = late.get(organizationId)
  const waiting = Number(before?.actual?.waiting ?? 0) + waits
  late.set(organizationId, {
    ...{ kind: 'admission', severity: 'critical', entityType: 'organization', entityId: organizationId },
    canonicalName: null,
    message: `${waiting} emits have no verdict, some of them for more than a minute.`,
    expected: { waiting: 0 },
    actual: { waiting, ...(before === undefined ? { environment, partition } : {}) },
    diff: [{ path: '', change: 'not_judged' }],
  })
}
