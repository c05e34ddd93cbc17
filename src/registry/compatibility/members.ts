/** `properties`, `patternProperties`, `additionalProperties` and `required`, whose meanings depend on each other. */
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import type { SchemaObject } from '../schema-positions.ts'
import type { Pair } from './minor.ts'

export function compareMembers(pair: Pair): void {
  compareRequired(pair)
  compareProperties(pair)
  comparePatterns(pair)
  compareOthers(pair)
}

/** A name that the old schema does not mention at all is reported as a new property. */
function compareRequired({ before, after, path, report }: Pair): void {
  const [old, next] = [namesIn(before.required), namesIn(after.required)]
  const isNew = (name: string): boolean =>
    Object.hasOwn(schemasIn(after.properties), name) && !Object.hasOwn(schemasIn(before.properties), name)
  const added = [...next].filter(name => !old.has(name))
  for (const name of added.filter(isNew))
    report.refuse('property_required', pointerTo(pointerTo(path, 'properties'), name))
  if (added.some(name => !isNew(name))) report.refuse('required_added', pointerTo(path, 'required'))
  if ([...old].some(name => !next.has(name))) report.refuse('required_removed', pointerTo(path, 'required'))
}

function compareProperties(pair: Pair): void {
  const { before, after, path, report, compare } = pair
  const [old, next] = [schemasIn(before.properties), schemasIn(after.properties)]
  const at = (name: string): string => pointerTo(pointerTo(path, 'properties'), name)
  for (const name of Object.keys(old)) if (!Object.hasOwn(next, name)) report.refuse('property_removed', at(name))
  for (const [name, schema] of Object.entries(next)) {
    if (Object.hasOwn(old, name)) compare(old[name], schema, at(name))
    else compareAdded(pair, name, schema, at(name))
  }
}

/** An old payload may contain the name if the old schema allows it; then its value must be valid in the new schema. */
function compareAdded({ before, report, pattern, equivalent }: Pair, name: string, schema: unknown, at: string): void {
  const judgedBy = Object.entries(schemasIn(before.patternProperties)).filter(([text]) => pattern(text).test(name))
  const { additionalProperties = true } = before
  if (judgedBy.length === 0 && additionalProperties === false) return
  const wereJudged = judgedBy.length === 0 ? [additionalProperties] : judgedBy.map(([, each]) => each)
  const takesAll = equivalent(true, schema) || wereJudged.some(each => equivalent(each, schema))
  if (takesAll) return
  const wasOpen = judgedBy.length === 0 && equivalent(additionalProperties, true)
  if (wasOpen) report.warn('open_model_property_added', at)
  else
    report.refuse(
      'not_provable',
      at,
      'was added where the old version takes the name with other content: choose another name',
    )
}

/** A new or removed pattern changes the members that `additionalProperties` applies to. */
function comparePatterns({ before, after, path, report, compare }: Pair): void {
  const [old, next] = [schemasIn(before.patternProperties), schemasIn(after.patternProperties)]
  const at = (text: string): string => pointerTo(pointerTo(path, 'patternProperties'), text)
  for (const text of Object.keys(old)) if (!Object.hasOwn(next, text)) report.refuse('not_provable', at(text))
  for (const [text, schema] of Object.entries(next)) {
    if (Object.hasOwn(old, text)) compare(old[text], schema, at(text))
    else report.refuse('not_provable', at(text))
  }
}

function compareOthers({ before, after, path, report, equivalent, compare }: Pair): void {
  const { additionalProperties: old = true } = before
  const { additionalProperties: next = true } = after
  const at = pointerTo(path, 'additionalProperties')
  // A closed model that opens: no old payload has additional properties, and consumers ignore unknown ones.
  if (old === false || equivalent(old, next)) return
  if (next === false || equivalent(old, true)) report.refuse('additional_properties_closed', at)
  else compare(old, next, at)
}

const schemasIn = (value: unknown): SchemaObject => (isJsonObject(value) ? value : {})
const namesIn = (value: unknown): Set<string> => new Set(Array.isArray(value) ? (value as string[]) : [])
