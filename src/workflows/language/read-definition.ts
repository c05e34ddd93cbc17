/**
 * A definition's JSON in its typed form. Reading goes on behind each fault, with a placeholder for an action that cannot
 * be read, so that one check reports everything.
 */
import { inexactNumbers } from '../../json/inexact-numbers.ts'
import { parseJson } from '../../json/json.ts'
import { isJsonObject, pointerTo } from '../../json/json-pointer.ts'
import { ACTIONS, isActionType } from './actions/index.ts'
import { checkWith } from './check-with.ts'
import { parseDefinitionConditions } from './conditions.ts'
import {
  type Action,
  type ActionType,
  type Case,
  DEFINITION_LIMITS,
  type Definition,
  KEY_PATTERN,
  LANGUAGE,
  type OnError,
  type Retry,
} from './definition.ts'
import type { Findings, Rule } from './findings.ts'

type Json = Record<string, unknown>

/** Levels of JSON; bodies need four each. */
const JSON_DEPTH_MAX = 64
const COMMON = ['key', 'type', 'name', 'with', 'retry', 'timeoutMs', 'onError', 'disabled', 'optional']
const BODIES: Partial<Record<ActionType, readonly string[]>> = {
  condition: ['then', 'else'],
  switch: ['cases', 'default'],
  loop_data: ['do'],
  loop_while: ['do'],
}

/** Undefined when it is no JSON object of a bearable size. Where `findings` has errors, parts are placeholders. */
export function readDefinition(text: string | Buffer, findings: Findings): Definition | undefined {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  if (bytes.length > DEFINITION_LIMITS.bytes)
    return findings.error('', 'too_large', `has ${bytes.length} bytes: at most ${DEFINITION_LIMITS.bytes} are taken`)
  const parsed = parseJson(bytes, { depthMax: JSON_DEPTH_MAX, duplicateKeys: 'refuse', exactNumbers: 'all' })
  if (!parsed.ok) {
    for (const { path, rule, message } of parsed.findings) findings.error(path, rule as Rule, message)
    return undefined
  }
  for (const { path, message } of inexactNumbers(parsed.exact)) findings.error(path, 'inexact_number', message)
  return isJsonObject(parsed.value)
    ? new Reader(findings).definition(parsed.value)
    : findings.error('', 'type', 'must be object: {"language": 1, "actions": […]}')
}

class Reader {
  readonly #findings: Findings
  readonly #keys = new Map<string, string>()
  #count = 0

  constructor(findings: Findings) {
    this.#findings = findings
  }

  definition({ language, actions, onError, ...rest }: Json): Definition {
    if (language !== LANGUAGE)
      this.#findings.error('/language', 'language', `must be ${LANGUAGE}: write "language": ${LANGUAGE}`)
    this.#unknown(rest, '', 'a definition', ['language', 'actions', 'onError'])
    if (actions === undefined) this.#findings.error('/actions', 'required', 'is missing')
    const definition: Definition = {
      language: LANGUAGE,
      actions: this.#body(actions, '/actions', 0),
      onError: this.#body(onError, '/onError', 0),
    }
    if (Array.isArray(actions) && actions.length === 0)
      this.#findings.error('/actions', 'no_actions', 'has no action: add one before you deploy')
    return definition
  }

  #body(given: unknown, path: string, level: number): Action[] {
    if (given === undefined) return []
    if (!Array.isArray(given)) {
      this.#findings.error(path, 'type', 'must be a list of actions')
      return []
    }
    if (level > DEFINITION_LIMITS.nesting) {
      this.#findings.error(path, 'too_deep', `is a body at level ${level}: at most ${DEFINITION_LIMITS.nesting}`)
      return []
    }
    return given.map((each, index) => this.#action(each, pointerTo(path, index), level))
  }

  #action(given: unknown, path: string, level: number): Action {
    if (++this.#count === DEFINITION_LIMITS.actions + 1)
      this.#findings.error(
        '/actions',
        'too_many_actions',
        `has more than ${DEFINITION_LIMITS.actions} actions with those of its bodies: the rest belongs into a workflow to call`,
      )
    if (!isJsonObject(given)) {
      this.#findings.error(path, 'type', 'must be object: {"key": …, "type": …, "with": …}')
      return placeholder('')
    }
    const key = this.#key(given.key, path)
    if (!isActionType(given.type)) {
      this.#unknownType(given.type, path)
      return placeholder(key)
    }
    const type = given.type
    this.#unknown(given, path, `an action of type ${type}`, [...COMMON, ...(BODIES[type] ?? [])])
    return {
      key,
      type,
      with: this.#with(type, given.with, pointerTo(path, 'with')),
      ...this.#bodies(type, given, path, level + 1),
      ...this.#common(given, path, level + 1),
    } as Action
  }

  #key(key: unknown, path: string): string {
    const at = pointerTo(path, 'key')
    if (key === undefined) return this.#findings.error(at, 'required', 'is missing') ?? ''
    if (typeof key !== 'string') return this.#findings.error(at, 'type', 'must be string') ?? ''
    if (!KEY_PATTERN.test(key) || key.length > DEFINITION_LIMITS.keyCharacters)
      this.#findings.error(
        at,
        'invalid_key',
        `must be lower-case letters and digits in words joined by hyphens, at most ${DEFINITION_LIMITS.keyCharacters} characters`,
      )
    const before = this.#keys.get(key)
    if (before !== undefined) this.#findings.error(at, 'key_not_unique', `is the key of ${before} too: choose another`)
    else this.#keys.set(key, path)
    return key
  }

  #unknownType(type: unknown, path: string): void {
    const at = pointerTo(path, 'type')
    if (type === undefined) this.#findings.error(at, 'required', 'is missing')
    else this.#findings.error(at, 'unknown_action', `is no action: there are ${Object.keys(ACTIONS).join(', ')}`)
  }

  #with(type: ActionType, given: unknown, path: string): unknown {
    if (type === 'condition') return this.#conditions(given, path)
    const isObject = given === undefined || isJsonObject(given)
    if (!isObject) this.#findings.error(path, 'type', 'must be object')
    const settings = isObject ? (given ?? {}) : {}
    if (isObject) checkWith(type, settings, path, this.#findings)
    if (type !== 'loop_while') return settings
    const condition = (settings as Json).condition
    return { ...settings, condition: this.#conditions(condition, pointerTo(path, 'condition')) }
  }

  #conditions(given: unknown, path: string): unknown {
    if (given === undefined) {
      this.#findings.error(path, 'required', 'is missing: a group of conditions')
      return { all: [] }
    }
    const parsed = parseDefinitionConditions(given, path)
    if (parsed.ok) return parsed.conditions
    for (const { path: at, message } of parsed.findings) this.#findings.error(at, 'condition_invalid', message)
    return { all: [] }
  }

  #bodies(type: ActionType, given: Json, path: string, level: number): Json {
    const body = (member: string): Action[] => this.#body(given[member], pointerTo(path, member), level)
    // biome-ignore lint/suspicious/noThenProperty: the language's own field
    if (type === 'condition') return { then: body('then'), else: body('else') }
    if (type === 'switch')
      return { cases: this.#cases(given.cases, pointerTo(path, 'cases'), level), default: body('default') }
    if (type !== 'loop_data' && type !== 'loop_while') return {}
    if (given.do === undefined)
      this.#findings.error(pointerTo(path, 'do'), 'required', 'is missing: the actions of the loop')
    return { do: body('do') }
  }

  #cases(given: unknown, path: string, level: number): Case[] {
    if (!Array.isArray(given)) {
      this.#findings.error(
        path,
        given === undefined ? 'required' : 'type',
        'must be a list of cases: [{"value": …, "do": […]}]',
      )
      return []
    }
    return given.map((each, index) => {
      const at = pointerTo(path, index)
      if (!isJsonObject(each)) {
        this.#findings.error(at, 'type', 'must be object: {"value": …, "do": […]}')
        return { value: null, do: [] }
      }
      this.#unknown(each, at, 'a case', ['value', 'do'])
      if (each.value === undefined) this.#findings.error(pointerTo(at, 'value'), 'required', 'is missing')
      return { value: each.value ?? null, do: this.#body(each.do, pointerTo(at, 'do'), level) }
    })
  }

  #common(given: Json, path: string, level: number): Json {
    const read: Json = {}
    const take = (name: string, take: (value: unknown, at: string) => unknown): void => {
      const value = given[name] === undefined ? undefined : take(given[name], pointerTo(path, name))
      if (value !== undefined) read[name] = value
    }
    take('name', (value, at) =>
      typeof value === 'string' && value.length <= DEFINITION_LIMITS.nameCharacters
        ? value
        : this.#findings.error(at, 'type', `must be a text of at most ${DEFINITION_LIMITS.nameCharacters} characters`),
    )
    take('retry', (value, at) => this.#retry(value, at))
    take('timeoutMs', (value, at) => this.#number(value, at, 1, DEFINITION_LIMITS.timeoutMs, true))
    take('onError', (value, at) => this.#onError(value, at, level))
    for (const name of ['disabled', 'optional'])
      take(name, (value, at) =>
        typeof value === 'boolean' ? value : this.#findings.error(at, 'type', 'must be boolean'),
      )
    return read
  }

  #retry(given: unknown, path: string): Retry | undefined {
    if (!isJsonObject(given)) return this.#findings.error(path, 'type', 'must be object')
    this.#unknown(given, path, 'retry', ['attempts', 'firstSeconds', 'factor', 'maxSeconds'])
    const retry: Retry = {}
    const take = (name: keyof Retry, least: number, most: number, whole = false): void => {
      if (given[name] === undefined) return
      const value = this.#number(given[name], pointerTo(path, name), least, most, whole)
      if (value !== undefined) retry[name] = value
    }
    take('attempts', 1, 5, true)
    take('firstSeconds', 0, 3_600)
    take('factor', 1, 10)
    take('maxSeconds', 0, 3_600)
    return retry
  }

  #onError(given: unknown, path: string, level: number): OnError | undefined {
    if (given === 'fail' || given === 'continue') return given
    if (!isJsonObject(given)) return this.#findings.error(path, 'type', 'must be fail, continue or {"branch": […]}')
    this.#unknown(given, path, 'onError', ['branch'])
    if (given.branch === undefined) return this.#findings.error(pointerTo(path, 'branch'), 'required', 'is missing')
    return { branch: this.#body(given.branch, pointerTo(path, 'branch'), level) }
  }

  #number(value: unknown, path: string, least: number, most: number, whole = false): number | undefined {
    if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value)))
      return value
    return this.#findings.error(path, 'type', `must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`)
  }

  #unknown(given: Json, path: string, what: string, known: readonly string[]): void {
    for (const name of Object.keys(given))
      if (!known.includes(name))
        this.#findings.error(
          pointerTo(path, name),
          'unknown_field',
          `is no field of ${what}: there are ${known.join(', ')}`,
        )
  }
}

/** Takes the place of an action that cannot be read. */
const placeholder = (key: string): Action => ({ key, type: 'transform', with: { template: null } })
