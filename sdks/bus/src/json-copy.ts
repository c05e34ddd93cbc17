/** A frozen copy of a value as JSON has it, so that a payload is the same in memory as after a broker. */
import { BusError } from './errors.ts'

const DEPTH_MAX = 256
const LONE_SURROGATE = /\p{Surrogate}/u
/** Copies that are frozen through and through: they are handed on as they are. */
const made = new WeakSet<object>()

/** Throws `event_invalid`, with the pointer, for what JSON would change or leave out in silence. */
export function copyJson(value: unknown, pointer: string): unknown {
  const copied = copy(value, pointer, 0)
  if (typeof copied === 'object' && copied !== null) made.add(copied)
  return copied
}

/** Throws for half of a surrogate pair, which UTF-8 cannot hold: something else would be written in its place. */
export function checkText(text: string, pointer: string): string {
  if (LONE_SURROGATE.test(text)) throw invalid(pointer, 'has half of a surrogate pair')
  return text
}

export const invalid = (pointer: string, problem: string): BusError =>
  new BusError('event_invalid', `${pointer} ${problem}`)

function copy(value: unknown, pointer: string, depth: number): unknown {
  if (depth > DEPTH_MAX) throw invalid(pointer, `is nested deeper than ${DEPTH_MAX} levels, or contains itself`)
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return checkText(value, pointer)
  if (typeof value === 'number') return copyNumber(value, pointer)
  if (typeof value !== 'object') throw invalid(pointer, `is ${article(typeof value)}, which JSON does not have`)
  if (made.has(value)) return value
  if (Array.isArray(value))
    return Object.freeze(Array.from(value, (element, index) => copy(element, `${pointer}/${index}`, depth + 1)))
  if ('toJSON' in value && typeof value.toJSON === 'function') return copy(value.toJSON(''), pointer, depth + 1)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw invalid(pointer, `is a ${value.constructor.name}, of which JSON keeps nothing`)
  return Object.freeze(copyMembers(value, pointer, depth))
}

function copyNumber(value: number, pointer: string): number {
  if (!Number.isFinite(value)) throw invalid(pointer, `is ${value}, which JSON does not have`)
  return value === 0 ? 0 : value
}

/** Members that are undefined are left out, as `JSON.stringify` does. `fromEntries` makes `__proto__` a member, too. */
function copyMembers(value: object, pointer: string, depth: number): object {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(
    members.map(([name, member]) => {
      const at = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
      return [checkText(name, at), copy(member, at, depth + 1)]
    }),
  )
}

const article = (kind: string): string => (kind === 'undefined' ? 'undefined' : `a ${kind}`)
