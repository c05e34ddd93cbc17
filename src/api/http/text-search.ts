/** `q`: a part of a name, in any case, or the beginning of an id. */
import type { Schema } from './route.ts'
import { text } from './schema-parts.ts'

export const searchQuery = {
  'q?': text(1, 100, { description: 'A part of the name, in any case, or the beginning of the id.' }),
} satisfies Record<string, Schema>

/** Whether what is shown as `names`, with this id, is meant by `q`; all of it is without one. */
export function isMeant(q: string | undefined, id: string, names: ReadonlyArray<string | null>): boolean {
  if (q === undefined) return true
  const wanted = q.toLowerCase()
  return id.startsWith(wanted) || names.some(name => name?.toLowerCase().includes(wanted))
}
