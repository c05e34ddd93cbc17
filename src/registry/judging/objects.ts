/** Keywords about objects. Members are looked up by own name alone: `__proto__` and `constructor` are names like any other. */
import { isJsonObject } from '../../events/json-pointer.ts'
import type { Pattern } from '../patterns.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { below, type Check, every, fault, type Making, quietly, type Run } from './judge.ts'

export function objectChecks(schema: SchemaObject, making: Making): Check[] {
  const checks = [...countChecks(schema), ...requiredChecks(schema), ...nameChecks(schema, making), ...memberChecks(schema, making)]
  if (checks.length === 0) return []
  const check = every(checks as Check[])
  return [(value, run, seen) => !isJsonObject(value) || check(value, run, seen)]
}

/** A check that is only asked about objects. */
type ObjectCheck = (value: SchemaObject, ...rest: Parameters<Check> extends [unknown, ...infer Rest] ? Rest : never) => boolean

function countChecks({ maxProperties, minProperties }: SchemaObject): ObjectCheck[] {
  const checks: ObjectCheck[] = []
  if (typeof maxProperties === 'number') {
    const message = `must NOT have more than ${maxProperties} properties`
    checks.push((value, run) => Object.keys(value).length <= maxProperties || fault(run, 'maxProperties', message))
  }
  if (typeof minProperties === 'number') {
    const message = `must NOT have fewer than ${minProperties} properties`
    checks.push((value, run) => Object.keys(value).length >= minProperties || fault(run, 'minProperties', message))
  }
  return checks
}

function requiredChecks({ required, dependentRequired }: SchemaObject): ObjectCheck[] {
  const checks: ObjectCheck[] = []
  if (Array.isArray(required) && required.length > 0) checks.push((value, run) => hasAll(value, required, run, 'required'))
  if (isJsonObject(dependentRequired)) {
    const dependents = Object.entries(dependentRequired).filter((entry): entry is [string, string[]] => Array.isArray(entry[1]))
    for (const [name, names] of dependents) {
      checks.push((value, run) => !Object.hasOwn(value, name) || hasAll(value, names, run, 'dependentRequired'))
    }
  }
  return checks
}

function hasAll(value: SchemaObject, names: string[], run: Run, rule: string): boolean {
  let holds = true
  for (const name of names) {
    if (Object.hasOwn(value, name)) continue
    holds = fault(run, rule, `must have required property '${name}'`)
    if (run.room === 0) return false
  }
  return holds
}

function nameChecks({ propertyNames }: SchemaObject, { check }: Making): ObjectCheck[] {
  if (propertyNames === undefined) return []
  const ofName = check(propertyNames)
  return [
    (value, run) => {
      let holds = true
      for (const name of Object.keys(value)) {
        if (quietly(ofName, name, run, undefined)) continue
        holds = fault(run, 'propertyNames', 'property name must be valid', name)
        if (run.room === 0) return false
      }
      return holds
    },
  ]
}

/** `properties`, `patternProperties` and `additionalProperties` in one pass over the members. */
function memberChecks({ properties, patternProperties, additionalProperties }: SchemaObject, { check, pattern }: Making): ObjectCheck[] {
  const named = new Map(Object.entries(isJsonObject(properties) ? properties : {}).map(([name, schema]) => [name, check(schema)]))
  const patterns = Object.entries(isJsonObject(patternProperties) ? patternProperties : {})
  const matching = patterns.map(([text, schema]): [Pattern, Check] => [pattern(text), check(schema)])
  if (named.size === 0 && matching.length === 0 && additionalProperties === undefined) return []
  const closed = additionalProperties === false
  const others = additionalProperties === undefined || closed ? undefined : check(additionalProperties)

  const judgeMember = (name: string, member: unknown, run: Run): { holds: boolean; known: boolean } => {
    const own = named.get(name)
    let holds = own === undefined || below(name, own, member, run)
    let known = own !== undefined
    for (const [pattern, each] of matching) {
      if (!pattern.test(name)) continue
      known = true
      holds = below(name, each, member, run) && holds
    }
    return { holds, known }
  }
  return [
    (value, run, seen) => {
      let holds = true
      // Of all loops over members the fastest; a payload inherits no member that it could meet.
      for (const name in value) {
        let judged: boolean
        let known: boolean
        if (matching.length === 0) {
          const own = named.get(name)
          known = own !== undefined
          judged = own === undefined || below(name, own, value[name], run)
        } else ({ holds: judged, known } = judgeMember(name, value[name], run))
        if (!known && closed) judged = fault(run, 'additionalProperties', 'must NOT have additional properties', name)
        else if (!known && others) judged = below(name, others, value[name], run)
        if (seen && (known || others || closed)) seen.names.add(name)
        if (judged) continue
        if (run.room === 0) return false
        holds = false
      }
      return holds
    },
  ]
}

export function unevaluatedProperties({ unevaluatedProperties: schema }: SchemaObject, { check }: Making): Check[] {
  if (schema === undefined) return []
  const ofOthers = check(schema)
  const tellsItself = schema === false
  return [
    (value, run, seen) => {
      if (!isJsonObject(value) || !seen || seen.all) return true
      let holds = true
      for (const name of Object.keys(value)) {
        if (seen.names.has(name)) continue
        if (
          tellsItself
            ? fault(run, 'unevaluatedProperties', 'must NOT have unevaluated properties', name)
            : below(name, ofOthers, value[name], run)
        )
          continue
        if (run.room === 0) return false
        holds = false
      }
      seen.all = true
      return holds
    },
  ]
}
