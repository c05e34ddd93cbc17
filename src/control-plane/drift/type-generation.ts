/**
 * Clients whose generated types are of another schema than the one that judges their emits. Each such emit is answered
 * with the current version at once; it is a finding only when it goes on, since processes of a client are replaced one
 * after the other.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView, RegisteredEvent } from '../../model/control-view.ts'
import type { Observation } from '../../model/drift.ts'
import type { Registration } from '../../model/registrations.ts'
import { resolveEvent } from '../../registry/resolve-event.ts'
import type { Drift } from './drift.ts'

/** As long as a client may take to replace its processes. */
export const ROLLOUT_MS = 3_600_000
const DAY_MS = 86_400_000
const SIGHTINGS_MAX = 10_000
const HASH = /^[0-9a-f]{64}$/

export interface EmitOfTypes {
  organizationId: string
  fullName: string
  version: string | undefined
  /** What the header says; anything that is no hash is left alone. */
  schemaHash: string | undefined
}

/** The version whose schema the client's types are not of; undefined: they are, or nobody knows. */
export type NoteTypes = (emit: EmitOfTypes) => string | undefined

interface Sighting {
  firstMs: number
  toldMs: number
}

export function createNoteTypes(deps: {
  view: Pick<ControlView, 'event'>
  drift: Pick<Drift, 'look'>
  clock: Clock
  logger: Logger
  timeScale?: number
}): NoteTypes {
  const { view, drift, clock, logger, timeScale = 1 } = deps
  const sightings = new Map<string, Sighting>()

  /** Whether it has been seen for long enough, and not been told for a day. */
  function isDue(key: string, nowMs: number): boolean {
    const known = sightings.get(key)
    if (known === undefined) {
      if (sightings.size >= SIGHTINGS_MAX) sightings.clear()
      sightings.set(key, { firstMs: nowMs, toldMs: Number.NEGATIVE_INFINITY })
      return false
    }
    if (nowMs - known.firstMs < ROLLOUT_MS * timeScale || nowMs - known.toldMs < DAY_MS * timeScale) return false
    known.toldMs = nowMs
    return true
  }

  return ({ organizationId, fullName, version, schemaHash }) => {
    if (schemaHash === undefined || !HASH.test(schemaHash)) return undefined
    const event = view.event(organizationId, fullName)
    const resolved = resolveEvent(event, version)
    if ('code' in resolved || resolved.registration.schemaHash === schemaHash) return undefined
    const { registration } = resolved
    if (isDue(`${organizationId} ${fullName} ${registration.version} ${schemaHash}`, clock.nowMs())) {
      const seen = observationOf(registration, schemaHash, event)
      drift
        .look({ organizationId, covers: () => false, observe: () => [seen] })
        .catch(error => logger.warn({ error: String(error) }, 'a finding of drift was not written'))
    }
    return registration.version
  }
}

function observationOf(
  { namespace, name, version, canonicalName, schemaHash: current }: Registration,
  schemaHash: string,
  event: RegisteredEvent | undefined,
): Observation {
  const fullName = `${namespace}.${name}`
  const from = [...(event?.versions.values() ?? [])].find(each => each.schemaHash === schemaHash)?.version
  return {
    ...{ kind: 'type_generation', severity: 'info', entityType: 'registration', entityId: `${fullName}@${version}` },
    canonicalName,
    message: `A client emits ${fullName} with types of ${from ?? 'a schema that is not registered'}; its emits are judged by ${version}.`,
    expected: { version, schemaHash: current },
    actual: { version: from ?? null, schemaHash },
    diff: [{ path: '/schemaHash', change: `generated from ${schemaHash.slice(0, 12)}` }],
  }
}
