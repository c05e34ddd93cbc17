import { ClarionError } from '../model/codes.ts'
import type { Situation } from './change.ts'
import type { Entry } from './kinds.ts'

/** Throws `not_found` for one that is deleted, too. */
export function liveInstance(id: string, { books }: Situation): Entry<'instance'> {
  const found = books.find('instance', id)
  if (found !== undefined && found.fields.status !== 'deleted') return found
  throw new ClarionError('not_found', `There is no instance '${id}'.`)
}
