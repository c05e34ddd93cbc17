/** Keywords for objects. Only own members count: `__proto__` and `constructor` are names like any other. */
import { isJsonObject } from '../../json/json-pointer.ts'
import type { Pattern } from '../../json/patterns.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { hasAll, judgeBelow, judgeQuietly } from './judge-value.ts'
import { type Check, fault, type Making, type Node, type Run } from './node.ts'

export interface ObjectRules {
  required: string[] | undefined
  /** `properties`, `patternProperties` and `additionalProperties`: one pass over the members. */
  members: MemberRules | undefined
  /** Rare keywords. */
  others: Array<(value: SchemaObject, run: Run) => boolean> | undefined
}

export interface MemberRules {
  named: ReadonlyMap<string, Node>
  matching: Array<[Pattern, Node]> | undefined
  /** All other members are refused. */
  isClosed: boolean
  others: Node | undefined
}

export function objectRules(schema: SchemaObject, making: Making): ObjectRules | undefined {
  const required =
    Array.isArray(schema.required) && schema.required.length > 0 ? (schema.required as string[]) : undefined
  const members = memberRules(schema, making)
  const rare = [...countChecks(schema), ...dependentChecks(schema), ...nameChecks(schema, making)]
  const others = rare.length > 0 ? rare : undefined
  return required || members || others ? { required, members, others } : undefined
}

function memberRules(
  { properties, patternProperties, additionalProperties }: SchemaObject,
  making: Making,
): MemberRules | undefined {
  const named = new Map(
    Object.entries(isJsonObject(properties) ? properties : {}).map(([name, schema]) => [name, making.node(schema)]),
  )
  const patterns = Object.entries(isJsonObject(patternProperties) ? patternProperties : {})
  const matching = patterns.map(([text, schema]): [Pattern, Node] => [making.pattern(text), making.node(schema)])
  const isClosed = additionalProperties === false
  const others = additionalProperties === undefined || isClosed ? undefined : making.node(additionalProperties)
  if (named.size === 0 && matching.length === 0 && additionalProperties === undefined) return undefined
  return { named, matching: matching.length > 0 ? matching : undefined, isClosed, others }
}

type ObjectCheck = (value: SchemaObject, run: Run) => boolean

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

function dependentChecks({ dependentRequired }: SchemaObject): ObjectCheck[] {
  const dependents = Object.entries(isJsonObject(dependentRequired) ? dependentRequired : {})
  return dependents.map(([name, names]) => (value, run) => {
    return !Object.hasOwn(value, name) || hasAll(value, names as string[], run, 'dependentRequired')
  })
}

function nameChecks({ propertyNames }: SchemaObject, { node }: Making): ObjectCheck[] {
  if (propertyNames === undefined) return []
  const ofName = node(propertyNames)
  return [
    (value, run) => {
      let holds = true
      for (const name of Object.keys(value)) {
        if (judgeQuietly(ofName, name, run, undefined)) continue
        holds = fault(run, 'propertyNames', 'property name must be valid', name)
        if (run.room === 0) return false
      }
      return holds
    },
  ]
}

export function unevaluatedProperties({ unevaluatedProperties: schema }: SchemaObject, { node }: Making): Check[] {
  if (schema === undefined) return []
  const ofOthers = node(schema)
  const isForbidden = schema === false
  return [
    (value, run, seen) => {
      if (!isJsonObject(value) || !seen || seen.all) return true
      let holds = true
      for (const name of Object.keys(value)) {
        if (seen.names.has(name)) continue
        const judged = isForbidden
          ? fault(run, 'unevaluatedProperties', 'must NOT have unevaluated properties', name)
          : judgeBelow(name, ofOthers, value[name], run)
        if (judged) continue
        if (run.room === 0) return false
        holds = false
      }
      seen.all = true
      return holds
    },
  ]
}
