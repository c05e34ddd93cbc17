/** Keywords that apply schemas to the same value. */
import { isJsonObject } from '../../json/json-pointer.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { judgeQuietly, judgeValue } from './judge-value.ts'
import { type Check, fault, type Making, type Node, type Run } from './node.ts'
import { addSeen, newSeen, type Seen } from './seen.ts'

export function combinators(schema: SchemaObject, making: Making): Check[] {
  const checks: Check[] = []
  const nodes = (keyword: string): Node[] =>
    Array.isArray(schema[keyword]) ? (schema[keyword] as unknown[]).map(making.node) : []
  checks.push(...nodes('allOf').map(applied))
  if (Array.isArray(schema.anyOf)) checks.push(anyOf(nodes('anyOf')))
  if (Array.isArray(schema.oneOf)) checks.push(oneOf(nodes('oneOf')))
  if (schema.not !== undefined) checks.push(not(making.node(schema.not)))
  if (schema.if !== undefined) checks.push(conditional(schema, making))
  if (isJsonObject(schema.dependentSchemas)) {
    for (const [name, dependent] of Object.entries(schema.dependentSchemas))
      checks.push(whereNamed(name, making.node(dependent)))
  }
  return checks
}

/** A schema as a check of the same value. */
export const applied =
  (node: Node): Check =>
  (value, run, seen) =>
    judgeValue(node, value, run, seen)

/** A branch that fails has evaluated nothing. */
function branch(node: Node, value: unknown, run: Run, seen: Seen | undefined): boolean {
  if (!seen) return judgeValue(node, value, run, undefined)
  const own = newSeen()
  const holds = judgeValue(node, value, run, own)
  if (holds) addSeen(seen, own)
  return holds
}

/** Without `seen` the first branch that passes is enough; with it all branches are evaluated. */
function anyOf(branches: Node[]): Check {
  return (value, run, seen) => {
    const { room, findings } = run
    const found = findings.length
    let holds = false
    for (const node of branches) {
      if (branch(node, value, run, seen)) holds = true
      if (holds && !seen) break
    }
    if (!holds) return fault(run, 'anyOf', 'must match a schema in anyOf')
    findings.length = found
    run.room = room
    return true
  }
}

function oneOf(branches: Node[]): Check {
  return (value, run, seen) => {
    const { room, findings } = run
    const found = findings.length
    let matches = 0
    for (const node of branches) {
      if (branch(node, value, run, seen)) matches++
      if (matches > 1) break
    }
    if (matches === 0) return fault(run, 'oneOf', 'must match exactly one schema in oneOf')
    findings.length = found
    run.room = room
    return matches === 1 || fault(run, 'oneOf', 'must match exactly one schema in oneOf')
  }
}

const not =
  (node: Node): Check =>
  (value, run) =>
    !judgeQuietly(node, value, run, undefined) || fault(run, 'not', 'must NOT be valid')

function conditional(schema: SchemaObject, { node }: Making): Check {
  const condition = node(schema.if)
  const [met, unmet] = [node(schema.then ?? true), node(schema.else ?? true)]
  return (value, run, seen) => {
    const own = seen && newSeen()
    const isMet = judgeQuietly(condition, value, run, own)
    if (seen && own && isMet) addSeen(seen, own)
    return judgeValue(isMet ? met : unmet, value, run, seen)
  }
}

const whereNamed =
  (name: string, node: Node): Check =>
  (value, run, seen) =>
    !isJsonObject(value) || !Object.hasOwn(value, name) || judgeValue(node, value, run, seen)
