/**
 * The actions of a definition that would run with given params. Nothing outside is asked, so what hangs on an answer is
 * both: an action after it may run or not. The walk presumes that no step fails.
 */
import { OPERATORS } from '../events/condition-operators.ts'
import { patternWork } from '../events/conditions-hold.ts'
import type { EffectClass } from './language/action-spec.ts'
import { specOf } from './language/actions/index.ts'
import { compileValue } from './language/compile-template.ts'
import { compileGroup } from './language/conditions.ts'
import type { Action, ActionOf, ActionType, Definition } from './language/definition.ts'
import { bodiesOf } from './language/definition.ts'
import type { Evaluation } from './language/evaluation.ts'
import type { ScopeName } from './language/references.ts'

export type Would = 'run' | 'skip' | 'depends'

export interface DryRunAction {
  key: string
  type: ActionType
  /** JSON pointer into the definition. */
  path: string
  effect: EffectClass
  would: Would
  /** Why it would be skipped, or on what it depends. */
  because: string | null
}

/** How certain it is that the walk gets to a place. */
interface Reach {
  would: Would
  because: string | null
}

const RUN: Reach = { would: 'run', because: null }
/** Characters that all templates of one dry run may make. */
const CHARACTERS_MAX = 4_000_000

/** A value that only a run has. */
class Unknown extends Error {}

export interface DryRunInput {
  /** The values of its start: `$param`, or the scopes of a route's request. */
  scopes: Partial<Record<ScopeName, unknown>>
  /** The value of a variable; undefined for a secret, or when there is none. */
  environment(name: string): string | undefined
}

export function dryRun(definition: Definition, input: DryRunInput): DryRunAction[] {
  const walk = new Walk(input)
  walk.body(definition.actions, '/actions', RUN)
  walk.body(definition.onError, '/onError', { would: 'depends', because: 'the run fails' })
  return walk.actions
}

class Walk {
  readonly actions: DryRunAction[] = []
  readonly #input: DryRunInput
  /** Outputs of actions, by key. A key that is not in `#unknown` either has not run. */
  #known = new Map<string, unknown>()
  readonly #unknown = new Set<string>()
  #characters = 0

  constructor(input: DryRunInput) {
    this.#input = input
  }

  /** Answers how far the place behind the body is reached. */
  body(actions: readonly Action[], at: string, reach: Reach): Reach {
    let here = reach
    for (const [index, action] of actions.entries()) here = this.#action(action, `${at}/${index}`, here)
    return here
  }

  #action(action: Action, path: string, reach: Reach): Reach {
    const own = action.disabled === true ? skip('it is disabled') : reach
    const { key, type } = action
    const { effect, effectOf } = specOf(type)
    this.actions.push({ key, type, path, effect: effectOf?.(action.with as never) ?? effect, ...own })
    const behind = own.would === 'skip' ? this.#skipped(action, path, own) : this.#entered(action, path, own)
    return action.disabled === true ? reach : behind
  }

  #skipped(action: Action, path: string, reach: Reach): Reach {
    for (const { at, actions } of bodiesOf(action)) this.body(actions, `${path}/${at}`, reach)
    return reach
  }

  #entered(action: Action, path: string, reach: Reach): Reach {
    const behind = this.#ofType(action, path, reach)
    if (typeof action.onError !== 'object') return behind
    this.#maybe(action.onError.branch, `${path}/onError/branch`, `${action.key} fails`)
    return behind
  }

  #ofType(action: Action, path: string, reach: Reach): Reach {
    switch (action.type) {
      case 'condition':
        return this.#condition(action, path, reach)
      case 'switch':
        return this.#switch(action, path, reach)
      case 'loop_data':
        return this.#loopData(action, path, reach)
      case 'loop_while':
        return this.#loopWhile(action, path, reach)
      case 'set_variable':
        this.#learn(action.key, () => ({ value: this.#value(action.with.value) }))
        return reach
      case 'transform':
        this.#learn(action.key, () => ({ value: this.#value(action.with.template) }))
        return reach
      case 'stop':
      case 'fail':
        return this.#ended(action.key, reach)
      case 'respond':
        return action.with.continue === true ? reach : this.#ended(action.key, reach)
      default:
        this.#unknown.add(action.key)
        return reach
    }
  }

  #condition(action: ActionOf<'condition'>, path: string, reach: Reach): Reach {
    const holds = this.#ask(() => compileGroup(action.with)(this.#evaluation, patternWork()))
    if (holds instanceof Unknown) this.#unknown.add(action.key)
    else this.#known.set(action.key, { result: holds, branch: holds ? 'then' : 'else' })
    const branches = [
      { at: 'then', actions: action.then, taken: holds instanceof Unknown ? undefined : holds },
      { at: 'else', actions: action.else, taken: holds instanceof Unknown ? undefined : !holds },
    ]
    return this.#branches(branches, path, reach, holds, `the condition ${action.key} chooses another branch`)
  }

  #switch(action: ActionOf<'switch'>, path: string, reach: Reach): Reach {
    this.#unknown.add(action.key)
    const chosen = this.#ask(() => {
      const value = this.#value(action.with.value)
      return action.cases.findIndex(each => OPERATORS.equals!(value, this.#value(each.value), patternWork()))
    })
    const at = chosen instanceof Unknown ? undefined : chosen
    const branches = action.cases.map((each, index) => {
      return { at: `cases/${index}/do`, actions: each.do, taken: at === undefined ? undefined : at === index }
    })
    const rest = { at: 'default', actions: action.default, taken: at === undefined ? undefined : at < 0 }
    return this.#branches([...branches, rest], path, reach, chosen, `${action.key} chooses another case`)
  }

  /** `taken` undefined: it hangs on what `asked` could not read. */
  #branches(
    branches: Array<{ at: string; actions: Action[]; taken: boolean | undefined }>,
    path: string,
    reach: Reach,
    asked: unknown,
    otherwise: string,
  ): Reach {
    const ends = branches.map(({ at, actions, taken }) => {
      if (taken === undefined) return this.#maybe(actions, `${path}/${at}`, (asked as Unknown).message, reach)
      return this.body(actions, `${path}/${at}`, taken ? reach : skip(otherwise))
    })
    const taken = branches.findIndex(branch => branch.taken === true)
    if (taken >= 0) return ends[taken]!
    return ends.find(end => end !== reach) ?? reach
  }

  /** A body that may run or not: what it learns is not known behind it, and the run may end in it. */
  #maybe(actions: readonly Action[], at: string, because: string, reach: Reach = RUN): Reach {
    const before = new Map(this.#known)
    const inside: Reach = { would: 'depends', because }
    const end = this.body(actions, at, inside)
    this.#known = before
    this.#forget(actions)
    return end === inside ? reach : end
  }

  #loopData(action: ActionOf<'loop_data'>, path: string, reach: Reach): Reach {
    const items = this.#ask(() => this.#value(action.with.items))
    if (Array.isArray(items) && items.length === 0) return this.#noIteration(action, path, reach, 'has no items')
    return this.#iterations(action, `${path}/do`, items instanceof Unknown ? items : undefined, reach)
  }

  #loopWhile(action: ActionOf<'loop_while'>, path: string, reach: Reach): Reach {
    const holds = this.#ask(() => compileGroup(action.with.condition)(this.#evaluation, patternWork()))
    if (holds === false) return this.#noIteration(action, path, reach, 'does not begin: its condition does not hold')
    return this.#iterations(action, `${path}/do`, holds instanceof Unknown ? holds : undefined, reach)
  }

  #noIteration(action: ActionOf<'loop_data' | 'loop_while'>, path: string, reach: Reach, why: string): Reach {
    this.body(action.do, `${path}/do`, skip(`${action.key} ${why}`))
    this.#unknown.add(action.key)
    return reach
  }

  /** One iteration stands for all: what the body sets is not known in it, because the one before may have set it. */
  #iterations(
    action: ActionOf<'loop_data' | 'loop_while'>,
    at: string,
    unknown: Unknown | undefined,
    reach: Reach,
  ): Reach {
    this.#unknown.add(action.key)
    this.#forget(action.do)
    const end =
      unknown === undefined ? this.body(action.do, at, reach) : this.#maybe(action.do, at, unknown.message, reach)
    this.#forget(action.do)
    return end
  }

  #ended(key: string, { would }: Reach): Reach {
    return would === 'run' ? skip(`the run ends at ${key}`) : { would, because: `the run may end at ${key}` }
  }

  #forget(actions: readonly Action[]): void {
    for (const action of actions) {
      this.#unknown.add(action.key)
      this.#known.delete(action.key)
      for (const body of bodiesOf(action)) this.#forget(body.actions)
    }
  }

  #learn(key: string, compute: () => unknown): void {
    const value = this.#unknown.has(key) ? new Unknown('') : this.#ask(compute)
    if (value instanceof Unknown) this.#unknown.add(key)
    else this.#known.set(key, value)
  }

  #value(given: unknown): unknown {
    const compiled = compileValue(given)
    return compiled === undefined ? given : compiled(this.#evaluation)
  }

  /** A template that fails on these values would fail the step: the run finds that. */
  #ask<T>(compute: () => T): T | Unknown {
    try {
      return compute()
    } catch (error) {
      return error instanceof Unknown ? error : new Unknown('a template fails')
    }
  }

  #read(key: string): unknown {
    if (this.#unknown.has(key)) throw new Unknown(`the answer of ${key}`)
    return this.#known.get(key)
  }

  readonly #evaluation: Evaluation = {
    root: scope => {
      if (Object.hasOwn(this.#input.scopes, scope)) return this.#input.scopes[scope]
      throw new Unknown(`${scope} of the run`)
    },
    action: key => this.#read(key),
    variable: key => (this.#read(key) as { value: unknown } | undefined)?.value,
    environment: name => {
      const value = this.#input.environment(name)
      if (value === undefined) throw new Unknown(`the value of ${name}`)
      return value
    },
    missing: () => undefined,
    mismatch: () => undefined,
    spend: characters => {
      this.#characters += characters
      if (this.#characters > CHARACTERS_MAX) throw new Unknown('templates that make too much text')
    },
  }
}

const skip = (because: string): Reach => ({ would: 'skip', because })
