/** The tree of calls that all kits have: `client.events.webhooks.create`. */
import type { Operation } from './model.ts'

export interface Part {
  path: string[]
  calls: Operation[]
  /** Names of the parts below it. */
  parts: string[]
}

/** A WebSocket is no call, and a stream has a call of its own, which reconnects or leaves that to the caller. */
export const isInKits = ({ answer }: Operation): boolean => answer !== 'socket'

/** Parts before those that have them; the client itself is last, with an empty path. */
export function partsOf(operations: readonly Operation[]): Part[] {
  const parts = new Map<string, Part>()
  const partAt = (path: string[]): Part => {
    const key = path.join('.')
    const known = parts.get(key)
    if (known !== undefined) return known
    const made: Part = { path, calls: [], parts: [] }
    parts.set(key, made)
    if (path.length > 0) {
      const above = partAt(path.slice(0, -1))
      above.parts.push(path.at(-1)!)
    }
    return made
  }
  partAt([])
  for (const operation of operations.filter(({ answer }) => answer !== 'stream'))
    partAt(operation.call.slice(0, -1)).calls.push(operation)
  return [...parts.values()].sort((one, other) => other.path.length - one.path.length)
}

/** The iterator beside a list: `each` beside `list`, `eachRow` beside `rows`. */
export function eachName({ call }: Operation): string {
  const name = call.at(-1)!
  if (name === 'list') return 'each'
  const [, noun, rest] = /^([a-z]+(?:[A-Z][a-z]+)*?)(Of)?$/.exec(name) ?? [undefined, name, '']
  return `each${singular(noun!).replace(/^./, first => first.toUpperCase())}${rest ?? ''}`
}

const singular = (word: string): string =>
  word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.replace(/(?<=[^s])s$/, '')

export const singleLine = (text: string): string =>
  text.replaceAll('\\', '\\\\').replace(/\s+/g, ' ').replaceAll('"""', "'''")
