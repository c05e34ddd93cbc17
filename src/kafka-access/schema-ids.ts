/**
 * The integer ids of registrations in the schema façade: serializers write them as four bytes before each value. An id
 * is derived from the registration's own, so that every process computes the same one and none is stored; of two in an
 * organization that would collide, the older one keeps the id.
 */
import { hash } from 'node:crypto'
import type { EventVersion } from '../events/ingress-emit.ts'
import type { Registration } from '../model/registrations.ts'

/** By the list that the view answers, whose identity changes with it. */
const indexes = new WeakMap<readonly Registration[], SchemaIndex>()

export interface SchemaIndex {
  byId: ReadonlyMap<number, Registration>
  byGuid: ReadonlyMap<string, Registration>
  /** By the registration's id. */
  ids: ReadonlyMap<string, number>
}

/** Of all versions that were ever published, given oldest first: a draft may change or be removed, so it has no id. */
export function schemaIndexOf(registrations: readonly Registration[]): SchemaIndex {
  const known = indexes.get(registrations)
  if (known) return known
  const byId = new Map<number, Registration>()
  const byGuid = new Map<string, Registration>()
  const ids = new Map<string, number>()
  for (const registration of registrations) {
    if (registration.publishedAt === null) continue
    let id = firstChoice(registration.id)
    while (byId.has(id)) id = (id % MAX) + 1
    byId.set(id, registration)
    byGuid.set(guidOf(registration.id), registration)
    ids.set(registration.id, id)
  }
  const made = { byId, byGuid, ids }
  indexes.set(registrations, made)
  return made
}

/** The largest id that clients accept: four bytes, signed. */
const MAX = 0x7fffffff
const firstChoice = (registrationId: string): number =>
  (hash('sha256', registrationId, 'buffer').readUInt32BE() % MAX) + 1

/** The id that serializers write into a header instead of a frame: a UUID of version 8, made from the registration's id. */
export function guidOf(registrationId: string): string {
  const bytes = hash('sha256', `guid ${registrationId}`, 'buffer').subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** The event of records with this schema id, an integer or a GUID. */
export function eventOfSchema(
  registrations: readonly Registration[],
  schemaId: number | string,
): EventVersion | undefined {
  const index = schemaIndexOf(registrations)
  const registration = typeof schemaId === 'number' ? index.byId.get(schemaId) : index.byGuid.get(schemaId)
  return registration && { fullName: `${registration.namespace}.${registration.name}`, version: registration.version }
}
