/**
 * `X-Schema-Hash` of an emit or a batch, and the `X-Schema-Drift` that answers it: see
 * docs/specification/drift.md#type-generation.
 */
import type { IncomingMessage } from 'node:http'
import type { NoteTypes } from '../../control-plane/drift/type-generation.ts'
import type { ReadEmit } from '../../ingress/submit-emit.ts'

/** The header of an answer has this many entries at most. */
const NAMED_MAX = 50

type Emitted = Pick<ReadEmit['emit'], 'fullName' | 'version'>

/** The hash that a caller's types of an event have; undefined: the caller does not say. */
export type HashOf = (fullName: string) => string | undefined

export function schemaHashOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['x-schema-hash']
  return typeof given === 'string' ? given.trim() : undefined
}

/** One hash for all items, or `<name>=<hash>` for each name; a name that is there twice has its last hash. */
export function hashesOf(request: IncomingMessage): HashOf | undefined {
  const given = schemaHashOf(request)
  if (given === undefined) return undefined
  const named = new Map<string, string>()
  let common: string | undefined
  for (const part of given.split(',')) {
    const [name, hash] = part.split('=')
    if (hash === undefined) common = name!.trim()
    else named.set(name!.trim(), hash.trim())
  }
  return fullName => named.get(fullName) ?? common
}

/** Each name and version of a batch is compared once, however many items have it. */
export function createBatchTypes(organizationId: string, noteTypes: NoteTypes, hashOf: HashOf) {
  const drifted = new Map<string, string | undefined>()
  return {
    note({ fullName, version }: Emitted): void {
      const key = `${fullName}@${version ?? ''}`
      if (drifted.has(key)) return
      const current = noteTypes({ organizationId, fullName, version, schemaHash: hashOf(fullName) })
      drifted.set(key, current === undefined ? undefined : `${fullName}=${current}`)
    },
    /** `<name>=<version>` for each name whose types are of another schema. */
    header(): string | undefined {
      const named = new Set([...drifted.values()].filter(each => each !== undefined))
      return named.size === 0 ? undefined : [...named].slice(0, NAMED_MAX).join(', ')
    },
  }
}
