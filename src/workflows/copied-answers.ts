/**
 * The answers that a run which starts at one of its actions takes over from an earlier one: the answers of every action before it in
 * the definition, of each iteration. What is computed is computed again.
 */
import { canonicalJson } from '../json/canonical-json.ts'
import { specOf } from './language/actions/index.ts'
import { type Action, bodiesOf, type Definition, eachAction } from './language/definition.ts'

/** A step as history keeps it. */
export interface KeptStep {
  path: string
  actionKey: string
  status: string
  /** JSON, perhaps cut; secrets in it read `***`. */
  output: string | null
}

/** `known`: JSON by step path. */
export type CopiedAnswers = { known: Record<string, string> } | { problem: string }

const CHARACTERS_MAX = 4_194_304
const INCOMPLETE = /\*\*\*|…cut$/
const COPIED: ReadonlySet<string> = new Set(['succeeded', 'mocked', 'copied'])

/** `before`: the definition that the earlier run was on. Undefined: no action has the key. */
export function copiedAnswers(
  { before, now, from }: { before: Definition; now: Definition; from: string },
  steps: readonly KeptStep[],
): CopiedAnswers | undefined {
  const preceding = actionsBefore(now, from)
  if (preceding === undefined) return undefined
  const earlier = actionsBefore(before, from)
  if (earlier === undefined || shapeOf(earlier) !== shapeOf(preceding))
    return { problem: `what comes before ${from} is not the same in both versions` }
  const effects = new Set(preceding.filter(({ action }) => hasEffect(action)).map(({ action }) => action.key))
  return copied(steps.filter(({ actionKey, status }) => effects.has(actionKey) && status !== 'cancelled'))
}

function copied(steps: readonly KeptStep[]): CopiedAnswers {
  const known: Record<string, string> = {}
  let left = CHARACTERS_MAX
  for (const { path, status, output } of steps) {
    if (!COPIED.has(status)) return { problem: `the step ${path} failed, which cannot be copied` }
    if (output !== null && INCOMPLETE.test(output))
      return { problem: `the answer of ${path} is kept in part only, or holds a secret` }
    known[path] = output ?? 'null'
    left -= known[path].length
    if (left < 0) return { problem: 'the answers before it are larger than 4 MB' }
  }
  return { known }
}

type Placed = { action: Action; path: string }

function actionsBefore(definition: Definition, key: string): Placed[] | undefined {
  const all = [...eachAction(definition)]
  const at = all.findIndex(({ action }) => action.key === key)
  return at < 0 ? undefined : all.slice(0, at)
}

const hasEffect = ({ type, with: given }: Action): boolean => {
  const { effect, effectOf } = specOf(type)
  return (effectOf?.(given as never) ?? effect) !== 'pure'
}

/** Each action at its place, without its bodies. */
const shapeOf = (placed: readonly Placed[]): string =>
  canonicalJson(placed.map(({ action, path }) => [path, withoutBodies(action)]))

function withoutBodies(action: Action): Record<string, unknown> {
  const members = new Set(bodiesOf(action).map(({ at }) => at.split('/')[0]))
  const own = Object.entries(action).filter(([member, value]) => !members.has(member) && value !== undefined)
  return Object.fromEntries(own)
}
