/**
 * The order of references: an action may read only what has run before it on every path. The walk follows the tree as a
 * run would, with the set of keys that have run for certain and of those that may have.
 */
import { type Action, type Definition, eachAction } from './definition.ts'
import type { DeployContext } from './deploy-context.ts'
import type { Findings } from './findings.ts'
import { type Use, usesOf } from './uses.ts'

/** Keys at a point of the walk. A point that no path reaches has run everything. */
interface Reached {
  isReachable: boolean
  certain: ReadonlySet<string>
  possible: ReadonlySet<string>
}

interface Walk {
  findings: Findings
  /** Every action of the definition. */
  actions: ReadonlyMap<string, Action>
}

export function checkFlow(definition: Definition, _context: DeployContext, findings: Findings): void {
  const actions = new Map([...eachAction(definition)].map(({ action }) => [action.key, action]))
  const walk: Walk = { findings, actions }
  const nothing = { isReachable: true, certain: new Set<string>(), possible: new Set<string>() }
  const end = walkBody(definition.actions, '/actions', nothing, walk)
  // An error may come anywhere, so nothing has run for certain.
  walkBody(
    definition.onError,
    '/onError',
    { ...nothing, possible: seenOutside(definition.actions, end.possible) },
    walk,
  )
}

function walkBody(body: readonly Action[], path: string, before: Reached, walk: Walk): Reached {
  let reached = before
  let isReported = false
  for (const [index, action] of body.entries()) {
    const at = `${path}/${index}`
    if (!reached.isReachable && before.isReachable && !isReported) {
      walk.findings.warning(at, 'unreachable', 'never runs: an action before it ends the run on every path')
      isReported = true
    }
    reached = walkAction(action, at, reached, walk)
  }
  return reached
}

function walkAction(action: Action, path: string, before: Reached, walk: Walk): Reached {
  if (action.disabled === true) return before
  const isLoopCondition = action.type === 'loop_while'
  const entered = isLoopCondition ? inLoop(action, before) : before
  for (const use of usesOf(action, path)) checkUse(use, entered, walk)
  const ran = adding(before, action.key)
  const after = walkOwnBodies(action, path, before, walk)
  if (action.onError === undefined || action.onError === 'fail') return after
  // The effects of a body that failed are not certain.
  const failed: Reached = {
    isReachable: true,
    certain: ran.certain,
    possible: new Set([...ran.possible, ...after.possible]),
  }
  if (action.onError === 'continue') return join([after, failed])
  return join([after, walkBody(action.onError.branch, `${path}/onError/branch`, failed, walk)])
}

function walkOwnBodies(action: Action, path: string, before: Reached, walk: Walk): Reached {
  const ran = adding(before, action.key)
  switch (action.type) {
    case 'condition':
      return join([walkBody(action.then, `${path}/then`, ran, walk), walkBody(action.else, `${path}/else`, ran, walk)])
    case 'switch':
      return join([
        ...action.cases.map((each, index) => walkBody(each.do, `${path}/cases/${index}/do`, ran, walk)),
        walkBody(action.default, `${path}/default`, ran, walk),
      ])
    case 'loop_data':
    case 'loop_while': {
      const end = walkBody(action.do, `${path}/do`, inLoop(action, before), walk)
      const variables = isParallel(action) ? [] : variablesOf(action.do).filter(key => end.possible.has(key))
      return { ...ran, possible: new Set([...ran.possible, ...variables]) }
    }
    case 'stop':
    case 'fail':
      return { ...ran, isReachable: false }
    case 'respond':
      return action.with.continue === true ? ran : { ...ran, isReachable: false }
    default:
      return ran
  }
}

/** In a body that runs one iteration after the other, the variables of the one before may be there. */
function inLoop(action: Extract<Action, { do: Action[] }>, before: Reached): Reached {
  const ran = adding(before, action.key)
  return isParallel(action) ? ran : { ...ran, possible: new Set([...ran.possible, ...variablesOf(action.do)]) }
}

const isParallel = (action: Action): boolean => action.type === 'loop_data' && (action.with.concurrency ?? 1) > 1

/** Variables that a body leaves behind: not those of parallel iterations. */
function variablesOf(body: readonly Action[]): string[] {
  return body.flatMap(action => {
    if (action.disabled === true) return []
    if (action.type === 'set_variable') return [action.key]
    return isParallel(action) ? [] : variablesOf(bodiesWithin(action))
  })
}

/** The names that the outermost level of a run can see after an error: not the outputs of iterations. */
function seenOutside(body: readonly Action[], possible: ReadonlySet<string>): ReadonlySet<string> {
  const seen = new Set(possible)
  const add = (actions: readonly Action[], inLoop: boolean): void => {
    for (const action of actions) {
      if (action.disabled === true) continue
      if (!inLoop || action.type === 'set_variable') seen.add(action.key)
      if (!isParallel(action))
        add(bodiesWithin(action), inLoop || action.type === 'loop_data' || action.type === 'loop_while')
    }
  }
  add(body, false)
  return seen
}

function bodiesWithin(action: Action): Action[] {
  const branch = typeof action.onError === 'object' ? action.onError.branch : []
  if (action.type === 'condition') return [...action.then, ...action.else, ...branch]
  if (action.type === 'switch') return [...action.cases.flatMap(each => each.do), ...action.default, ...branch]
  return action.type === 'loop_data' || action.type === 'loop_while' ? [...action.do, ...branch] : branch
}

const adding = (before: Reached, key: string): Reached => ({
  ...before,
  certain: new Set([...before.certain, key]),
  possible: new Set([...before.possible, key]),
})

/** After branches: what all of them ran that come back is certain. */
function join(branches: readonly Reached[]): Reached {
  const back = branches.filter(({ isReachable }) => isReachable)
  const possible = new Set(branches.flatMap(each => [...each.possible]))
  const [first, ...others] = back
  if (first === undefined) return { isReachable: false, certain: branches[0]?.certain ?? new Set(), possible }
  const certain = [...first.certain].filter(key => others.every(other => other.certain.has(key)))
  return { isReachable: true, certain: new Set(certain), possible }
}

function checkUse(
  { path, reference, source, toleratesMissing }: Use,
  reached: Reached,
  { actions, findings }: Walk,
): void {
  const { scope, key } = reference
  if ((scope !== '$action' && scope !== '$var') || key === undefined) return
  const target = actions.get(key)
  if (target === undefined || (scope === '$var' && target.type !== 'set_variable')) {
    const what = scope === '$var' ? 'no set_variable' : 'no action'
    findings.error(path, 'unknown_reference', `${source}: ${what} has the key '${key.slice(0, 64)}'`)
  } else if (!reached.isReachable || reached.certain.has(key)) return
  else if (!reached.possible.has(key))
    findings.error(path, 'reference_not_before', `${source}: ${notBefore(target, key)}`)
  else if (!toleratesMissing && target.optional !== true)
    findings.error(
      path,
      'reference_not_on_every_path',
      `${source}: '${key}' does not run on every path to here: add | default: …, or set optional on '${key}'`,
    )
}

const notBefore = (target: Action, key: string): string =>
  target.disabled === true
    ? `'${key}' is disabled`
    : `'${key}' has not run here: it comes later, on another branch, or within a loop whose outputs are those of the loop`
