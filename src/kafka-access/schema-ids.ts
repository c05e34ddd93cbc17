/**
 * The integer ids that registrations have in the schema façade (C.17), since serializers write four bytes in front of what they send. An id is
 * made of the registration's own, so that it is the same in every process, for ever, without being kept anywhere; two of an organization that
 * would share one are told apart by who was there first.
 */
import { hash } from 'node:crypto'
import type { EventVersion } from '../events/ingress-emit.ts'
import type { Registration } from '../model/records.ts'

/** By the list that the view answers: it is another one after each change. */
const indexes = new WeakMap<readonly Registration[], SchemaIndex>()

export interface SchemaIndex {
  byId: ReadonlyMap<number, Registration>
  /** By the registration's id. */
  ids: ReadonlyMap<string, number>
}

/** Of what was ever published, given oldest first: a draft may change or go, so it has no id. */
export function schemaIndexOf(registrations: readonly Registration[]): SchemaIndex {
  const known = indexes.get(registrations)
  if (known) return known
  const byId = new Map<number, Registration>()
  const ids = new Map<string, number>()
  for (const registration of registrations) {
    if (registration.publishedAt === null) continue
    let id = firstChoice(registration.id)
    while (byId.has(id)) id = (id % MAX) + 1
    byId.set(id, registration)
    ids.set(registration.id, id)
  }
  const made = { byId, ids }
  indexes.set(registrations, made)
  return made
}

/** The largest that clients take: four bytes with a sign. */
const MAX = 0x7fffffff
const firstChoice = (registrationId: string): number =>
  (hash('sha256', registrationId, 'buffer').readUInt32BE() % MAX) + 1

/** The event that a record with this id is of. */
export function eventOfSchema(registrations: readonly Registration[], schemaId: number): EventVersion | undefined {
  const registration = schemaIndexOf(registrations).byId.get(schemaId)
  return registration && { fullName: `${registration.namespace}.${registration.name}`, version: registration.version }
}
