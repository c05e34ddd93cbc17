/**
 * The place at which a text stops being JSON. `JSON.parse` gives the position of some faults only; this runs after it
 * has refused, so that a caller always gets the place. A machine over tokens with its own stack: a text may nest as
 * deep as it is long.
 */

export interface JsonFault {
  /** Characters before the fault. */
  position: number
  /** From 1. */
  line: number
  column: number
  /** The text at the fault; `end` behind the last character. */
  found: string
}

type Expecting = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'end'

const SPACE = /[ \t\n\r]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/** Undefined if the text is JSON. */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: Array<'{' | '['> = []
  let expecting: Expecting = 'value'
  for (let at = skip(SPACE, text, 0); ; at = skip(SPACE, text, at)) {
    const character = text[at]
    const ended: Expecting = open.length === 0 ? 'end' : 'comma'
    if (expecting === 'end' && character === undefined) return undefined
    const inside = open.at(-1)
    if (expecting.startsWith('value') && (character === '{' || character === '[')) {
      open.push(character)
      expecting = character === '{' ? 'key or }' : 'value or ]'
      at += 1
    } else if (
      (character === '}' && closesObject(expecting, inside)) ||
      (character === ']' && closesArray(expecting, inside))
    ) {
      open.pop()
      expecting = open.length === 0 ? 'end' : 'comma'
      at += 1
    } else if (character === ',' && expecting === 'comma') {
      expecting = inside === '{' ? 'key' : 'value'
      at += 1
    } else if (character === ':' && expecting === 'colon') {
      expecting = 'value'
      at += 1
    } else {
      const end = expecting.startsWith('key')
        ? skipString(text, at)
        : expecting.startsWith('value')
          ? skipScalar(text, at)
          : at
      if (end === at) return faultAt(text, at)
      expecting = expecting.startsWith('key') ? 'colon' : ended
      at = end
    }
  }
}

const closesObject = (expecting: Expecting, inside: string | undefined) =>
  expecting === 'key or }' || (expecting === 'comma' && inside === '{')
const closesArray = (expecting: Expecting, inside: string | undefined) =>
  expecting === 'value or ]' || (expecting === 'comma' && inside === '[')
const skipScalar = (text: string, at: number) => (text[at] === '"' ? skipString(text, at) : skip(SCALAR, text, at))

/**
 * The position behind the string that begins at `at`; `at` itself without a complete string. By hand: a regular
 * expression would backtrack.
 */
function skipString(text: string, at: number): number {
  if (text[at] !== '"') return at
  for (let next = at + 1; next < text.length; ) {
    const character = text[next]!
    if (character === '"') return next + 1
    if (character < ' ') return at
    const behind = character === '\\' ? skip(ESCAPE, text, next) : next + 1
    if (behind === next) return at
    next = behind
  }
  return at
}

/** The position behind the match of the pattern at `at`; `at` itself without a match. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

function faultAt(text: string, position: number): JsonFault {
  const before = text.slice(0, position).split('\n')
  const found = text[position] === undefined ? 'end' : JSON.stringify(String.fromCodePoint(text.codePointAt(position)!))
  return { position, line: before.length, column: before.at(-1)!.length + 1, found }
}
