/**
 * An organization's registrations in the terms of a Confluent Schema Registry: by subject and integer version. A
 * subject is an event's name; its versions are numbered in the order of publication, so that a number never changes.
 */

import { emits } from '../../topics/emits.ts'
import { schemaHash } from '../json/canonical-json.ts'
import { isJsonObject } from '../json/json-pointer.ts'
import type { Registration } from '../model/registrations.ts'
import { guidOf, schemaIndexOf } from './schema-ids.ts'

export interface SubjectVersion {
  subject: string
  /** From 1. */
  version: number
  schemaId: number
  /** Of the same schema, for serializers that write it into a header. */
  guid: string
  registration: Registration
}

export interface Subjects {
  /** Names of events with a published version; `archived`: also those with archived versions only. */
  names(archived: boolean): string[]
  /** Oldest first, archived ones included. */
  versions(subject: string): SubjectVersion[]
  byId(schemaId: number): SubjectVersion | undefined
  byGuid(guid: string): SubjectVersion | undefined
  /** The version of the subject with this schema, compared in canonical form. */
  find(subject: string, schema: unknown): SubjectVersion | undefined
}

/**
 * A subject may have the form that serializers derive from a topic: `emits.<org>-<event>` is the event's own.
 * `emits.<org>-value` is the topic's: a schema is searched in all events, and found if exactly one has it.
 */
export function subjectsOf(organizationId: string, registrations: readonly Registration[]): Subjects {
  const index = schemaIndexOf(registrations)
  const bySubject = new Map<string, SubjectVersion[]>()
  const byId = new Map<number, SubjectVersion>()
  const byGuid = new Map<string, SubjectVersion>()
  for (const [schemaId, registration] of [...index.byId].sort(([, a], [, b]) => byPublication(a, b))) {
    const subject = `${registration.namespace}.${registration.name}`
    const versions = bySubject.get(subject) ?? []
    bySubject.set(subject, versions)
    const guid = guidOf(registration.id)
    const made = { subject, version: versions.length + 1, schemaId, guid, registration }
    versions.push(made)
    byId.set(schemaId, made)
    byGuid.set(guid, made)
  }
  const topic = `${emits.nameFor(organizationId, 'live')}-`
  const own = (subject: string) => (subject.startsWith(topic) ? subject.slice(topic.length) : subject)

  return {
    names: archived =>
      [...bySubject]
        .filter(([, versions]) => archived || versions.some(isActive))
        .map(([subject]) => subject)
        .sort(),
    versions: subject => bySubject.get(own(subject)) ?? [],
    byId: schemaId => byId.get(schemaId),
    byGuid: guid => byGuid.get(guid),
    find(subject, schema) {
      const hash = hashOf(schema)
      const newestMatch = (versions: SubjectVersion[]) =>
        versions.findLast(each => each.registration.schemaHash === hash && isActive(each))
      if (own(subject) !== 'value') return newestMatch(bySubject.get(own(subject)) ?? [])
      const found = [...bySubject.values()].map(newestMatch).filter(each => each !== undefined)
      return found.length === 1 ? found[0] : undefined
    },
  }
}

export const isActive = ({ registration }: SubjectVersion): boolean => registration.status === 'published'

function byPublication(a: Registration, b: Registration): number {
  const [left, right] = a.publishedAt === b.publishedAt ? [a.id, b.id] : [a.publishedAt ?? '', b.publishedAt ?? '']
  return left < right ? -1 : left > right ? 1 : 0
}

function hashOf(schema: unknown): string | undefined {
  try {
    return isJsonObject(schema) ? schemaHash(schema) : undefined
  } catch {
    return undefined // what has no canonical form was never registered
  }
}
