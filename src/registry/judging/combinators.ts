/** Keywords that apply schemas to the same value. */
import { isJsonObject } from '../../events/json-pointer.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { addSeen, type Check, every, fault, type Making, newSeen, quietly, type Run, type Seen } from './judge.ts'

export function combinators(schema: SchemaObject, making: Making): Check[] {
  const checks: Check[] = []
  const listed = (keyword: string): Check[] => (Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]).map(making.check) : [])
  if (Array.isArray(schema.allOf)) checks.push(every(listed('allOf')))
  if (Array.isArray(schema.anyOf)) checks.push(anyOf(listed('anyOf')))
  if (Array.isArray(schema.oneOf)) checks.push(oneOf(listed('oneOf')))
  if (schema.not !== undefined) checks.push(not(making.check(schema.not)))
  if (schema.if !== undefined) checks.push(conditional(schema, making))
  if (isJsonObject(schema.dependentSchemas)) {
    for (const [name, dependent] of Object.entries(schema.dependentSchemas)) checks.push(whereNamed(name, making.check(dependent)))
  }
  return checks
}

/** A branch that does not hold has seen nothing. */
function branch(check: Check, value: unknown, run: Run, seen: Seen | undefined): boolean {
  if (!seen) return check(value, run, undefined)
  const own = newSeen()
  const holds = check(value, run, own)
  if (holds) addSeen(seen, own)
  return holds
}

/** Without `seen` the first branch that holds is enough; with it all of them count. */
function anyOf(branches: Check[]): Check {
  return (value, run, seen) => {
    const { room, findings } = run
    const told = findings.length
    let holds = false
    for (const check of branches) {
      if (branch(check, value, run, seen)) holds = true
      if (holds && !seen) break
    }
    if (holds) {
      findings.length = told
      run.room = room
      return true
    }
    return fault(run, 'anyOf', 'must match a schema in anyOf')
  }
}

function oneOf(branches: Check[]): Check {
  return (value, run, seen) => {
    const { room, findings } = run
    const told = findings.length
    let matches = 0
    for (const check of branches) {
      if (branch(check, value, run, seen)) matches++
      if (matches > 1) break
    }
    if (matches === 0) return fault(run, 'oneOf', 'must match exactly one schema in oneOf')
    findings.length = told
    run.room = room
    return matches === 1 || fault(run, 'oneOf', 'must match exactly one schema in oneOf')
  }
}

const not =
  (check: Check): Check =>
  (value, run) =>
    !quietly(check, value, run, undefined) || fault(run, 'not', 'must NOT be valid')

function conditional(schema: SchemaObject, { check }: Making): Check {
  const condition = check(schema.if)
  const [met, unmet] = [check(schema.then ?? true), check(schema.else ?? true)]
  return (value, run, seen) => {
    const own = seen && newSeen()
    const isMet = quietly(condition, value, run, own)
    if (seen && own && isMet) addSeen(seen, own)
    return isMet ? met(value, run, seen) : unmet(value, run, seen)
  }
}

const whereNamed =
  (name: string, check: Check): Check =>
  (value, run, seen) =>
    !isJsonObject(value) || !Object.hasOwn(value, name) || check(value, run, seen)
