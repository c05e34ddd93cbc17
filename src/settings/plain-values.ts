/** Numbers, words and texts. */
import { type Kind, mayHoldSecret, SettingFault, shown } from './kind.ts'
import { nearest } from './nearest.ts'

/** Decimal digits only: `1e3`, `0x10` and `010` are refused, because their meaning is ambiguous. */
export const wholeNumber = (min: number, max: number): Kind<number> => ({
  expected: `a whole number from ${min} to ${max}`,
  parse: text => inRange(text, /^-?(?:0|[1-9]\d*)$/, 'not written in decimal digits alone', min, max),
})

export const fraction = (min: number, max: number): Kind<number> => ({
  expected: `a number from ${min} to ${max}`,
  parse: text =>
    inRange(text, /^(?:(?:0|[1-9]\d*)(?:\.\d+)?|\.\d+)$/, 'not written in decimal digits and a point', min, max),
})

function inRange(text: string, written: RegExp, otherwise: string, min: number, max: number): number {
  if (!written.test(text)) throw new SettingFault(`${shown(text)} is ${otherwise}`)
  const value = Number(text)
  if (value < min) throw new SettingFault(`${shown(text)} is too small`)
  if (value > max) throw new SettingFault(`${shown(text)} is too large`)
  return value === 0 ? 0 : value
}

export const oneOf = <T extends string>(words: readonly T[]): Kind<T> => ({
  expected: `one of ${words.join(', ')}`,
  parse: text => wordOf(words, text),
})

export const flag: Kind<boolean> = {
  expected: 'true or false',
  parse: text => wordOf(['true', 'false'], text) === 'true',
}

/** Comma-separated words, each at most once. `all` alone names every one. */
export const rolesOf = <T extends string>(roles: readonly T[]): Kind<T[]> => ({
  expected: `all, or a list of ${roles.join(', ')}`,
  parse(text) {
    if (text === 'all') return [...roles]
    return listOf(text, (entry, show) => {
      if (entry === 'all') throw new SettingFault("is 'all', which goes alone")
      return wordOf(roles, entry, `is ${show(entry)}`)
    })
  },
})

function wordOf<T extends string>(words: readonly T[], text: string, fault = `${shown(text)} is none of them`): T {
  if ((words as readonly string[]).includes(text)) return text as T
  const meant = nearest(text.toLowerCase(), words)
  throw new SettingFault(meant ? `${fault} (did you mean ${meant}?)` : fault)
}

/**
 * Comma-separated entries. Empty ones are refused, and so are duplicates (the same value after `parse`). `show` is for
 * messages: a comma may be part of a password, so a text that may contain one is hidden.
 */
export function listOf<T extends string>(
  text: string,
  parse: (entry: string, show: (text: string) => string) => T,
): T[] {
  const show = mayHoldSecret(text) ? () => 'the value' : shown
  const found: T[] = []
  text.split(',').forEach((part, index) => {
    const entry = part.trim()
    const at = `entry ${index + 1}`
    if (entry === '') throw new SettingFault(`${at} is empty`)
    const value = withPlace(at, () => parse(entry, show))
    const first = found.indexOf(value)
    if (first >= 0) throw new SettingFault(`${at} (${show(entry)}) repeats entry ${first + 1}`)
    found.push(value)
  })
  return found
}

function withPlace<T>(at: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SettingFault) throw new SettingFault(`${at} ${error.message}`)
    throw error
  }
}

/** One line of text. */
export const line = (expected: string, charactersMax: number): Kind<string> => ({
  expected: `${expected}, at most ${charactersMax} characters`,
  parse(text) {
    if (/\p{Cc}/u.test(text)) throw new SettingFault('it holds control characters')
    if (text.length > charactersMax) throw new SettingFault(`it has ${text.length}`)
    return text
  },
})

/** A name that goes into ids and metrics. */
export const shortName: Kind<string> = {
  expected: 'a name of letters, digits, dots, hyphens and underscores, at most 100 characters',
  parse(text) {
    if (!/^[\w.-]*$/.test(text)) throw new SettingFault('it holds something else')
    if (text.length > 100) throw new SettingFault(`it has ${text.length}`)
    return text
  },
}
