/** A built-in event for an organization, on its way to `admit`. */
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import { type BuiltInEvent, builtInEvent } from '../events/built-in-events.ts'
import { builtInCanonicalName } from '../model/names.ts'
import { platformEmit } from './platform-emit.ts'

export const BUILT_IN_VERSION = '1'

type Facts = Pick<PlatformEmit, 'organizationId' | 'id' | 'actorId'> & Partial<PlatformEmit>

/** `data` is trusted to match the type's schema. The subject is the one in the facts, or the type's own. */
export function builtInEmit(type: string, data: Record<string, unknown>, facts: Facts): PlatformEmit {
  const event = builtInEvent(type)
  if (!event) throw new Error(`there is no built-in event ${type}`)
  return platformEmit({
    ...{ kind: 'builtin', type: event.type, canonicalName: builtInCanonicalName(facts.organizationId, event.type) },
    ...{
      schemaVersion: BUILT_IN_VERSION,
      schemaHash: event.schemaHash,
      source: 'platform',
      payload: Buffer.from(JSON.stringify(data)),
    },
    ...facts,
    subject: facts.subject ?? subjectOf(event, data),
  })
}

const SUBJECT_CHARACTERS_MAX = 255

function subjectOf({ subjectField }: BuiltInEvent, data: Record<string, unknown>): string | null {
  const value = data[subjectField]
  return typeof value === 'string' && value !== '' ? value.slice(0, SUBJECT_CHARACTERS_MAX) : null
}
