/** An event that nobody has emitted, with the facts that selectors and conditions use. */
import type { EventFacts } from '../../topics/deliveries.ts'
import { BUILT_IN_EVENTS } from '../events/built-in-events.ts'
import type { Owner } from '../model/environments.ts'
import {
  builtInCanonicalName,
  canonicalName,
  GENERIC,
  GENERIC_FULL_NAME,
  isLifecycleType,
  lifecycleCanonicalName,
} from '../model/names.ts'
import type { LatestVersion } from './match.ts'
import type { TriggerEvent } from './trigger-event.ts'

export interface ImaginedEvent {
  event: EventFacts
  payload: unknown
}

interface Name {
  type: string
  version: string
  canonicalName: string
}

/**
 * `version` undefined: the newest published one, or 1.0.0. A bare kind is a generic event whose `data` is the payload.
 */
export function imaginedEvent(
  owner: Owner,
  of: { event: TriggerEvent; version: string | undefined; subject: string | null; payload: unknown },
  latest: LatestVersion,
  nowMs: number,
): ImaginedEvent {
  const { event, version, subject } = of
  const isKind = event.form === 'kind'
  const payload = isKind ? { kind: event.key, data: of.payload } : of.payload
  const name = nameOf(owner.organizationId, event, version, latest)
  const kind = name.type === GENERIC_FULL_NAME ? kindIn(payload) : null
  return { event: { ...factsOf(owner, nowMs), ...name, schemaVersion: name.version, kind, subject }, payload }
}

function nameOf(
  organizationId: string,
  { form, key }: TriggerEvent,
  version: string | undefined,
  latest: LatestVersion,
): Name {
  if (form === 'canonical') return { ...partsOf(key), canonicalName: key }
  const type = form === 'kind' ? GENERIC_FULL_NAME : key
  if (isLifecycleType(type)) return { type, version: '1', canonicalName: lifecycleCanonicalName(organizationId, type) }
  if (BUILT_IN_EVENTS.has(type))
    return { type, version: '1', canonicalName: builtInCanonicalName(organizationId, type) }
  const chosen = version ?? latest(type) ?? GENERIC.version
  return { type, version: chosen, canonicalName: canonicalName(organizationId, type, chosen) }
}

/** `TENANT_CUSTOM:org:ns.name@1.0.0` */
function partsOf(canonical: string): Pick<Name, 'type' | 'version'> {
  const [type = '', version = ''] = canonical.slice(canonical.lastIndexOf(':') + 1).split('@')
  return { type, version }
}

function kindIn(payload: unknown): string | null {
  const kind = (payload as { kind?: unknown } | null)?.kind
  return typeof kind === 'string' ? kind : null
}

const NO_ID = '0'.repeat(32)

function factsOf({ organizationId, environment }: Owner, nowMs: number) {
  return {
    ...{ eventId: `evt_${NO_ID}`, emitId: `cee_${NO_ID}`, organizationId, environment, sequence: 0 },
    ...{ source: 'api', actorId: 'system', timeMs: nowMs, recordedAtMs: nowMs, schemaHash: '' },
    ...{ correlationId: null, causationId: null, traceparent: null, rootEventId: `evt_${NO_ID}` },
    ...{ depth: 0, path: [], federation: null },
  }
}
