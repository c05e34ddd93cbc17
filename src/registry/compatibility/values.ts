/**
 * `type`, `format`, `enum`, `const`, `pattern`: any change of them either surprises consumers or refuses old payloads.
 */

import { identityOf } from '../../json/canonical-json.ts'
import { pointerTo } from '../../json/json-pointer.ts'
import { typesOf } from './meaning.ts'
import type { Pair } from './minor.ts'

export function compareValues({ before, after, path, isSame, report }: Pair): void {
  const at = (keyword: string): string => pointerTo(path, keyword)
  if (!isSame('type')) report.refuse(`type_${direction(typesOf(before.type), typesOf(after.type))}`, at('type'))
  if (!isSame('enum')) {
    const values = ({ enum: allowed }: typeof before): string[] | undefined =>
      Array.isArray(allowed) ? allowed.map(identityOf) : undefined
    report.refuse(`enum_${direction(values(before), values(after))}`, at('enum'))
  }
  for (const keyword of ['format', 'const'] as const) {
    if (isSame(keyword)) continue
    const one = (schema: typeof before): string[] | undefined =>
      Object.hasOwn(schema, keyword) ? [identityOf(schema[keyword])] : undefined
    report.refuse(`${keyword}_${direction(one(before), one(after))}`, at(keyword))
  }
  if (!isSame('pattern')) report.refuse('pattern_changed', at('pattern'))
}

/** The change of the set of accepted values; undefined: every value is accepted. */
function direction(old: string[] | undefined, next: string[] | undefined): 'widened' | 'narrowed' | 'changed' {
  const holdsAll = (many: string[] | undefined, few: string[] | undefined): boolean => {
    const known = new Set(many)
    return many === undefined || (few?.every(each => known.has(each)) ?? false)
  }
  if (holdsAll(next, old)) return 'widened'
  return holdsAll(old, next) ? 'narrowed' : 'changed'
}
