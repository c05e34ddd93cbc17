/**
 * Patterns on a linear-time engine. A schema's patterns are ECMA-262 with the flag `u`; RE2 reads some of the same text
 * differently (`\s`, `.`) and some not at all. Each pattern is first checked by JavaScript's own parser, then
 * translated to RE2 token by token. Constructs without an equal there (look-around, back-references) are refused, never
 * approximated.
 */
import { RE2JS } from 're2js'

/** The one operation on a regular expression. */
export interface Pattern {
  test(text: string): boolean
}

export const PATTERN_CHARACTERS_MAX = 1_000
/** Most instructions of a compiled pattern: they bound the time per character. */
const PROGRAM_SIZE_MAX = 3_000

/** Limit for all patterns of one schema together: compiling them must not delay other organizations. */
export const PATTERNS_CHARACTERS_MAX = 2_000
const PROGRAMS_SIZE_MAX = 4_000

/**
 * The patterns of one schema; each text is compiled once. Each use first calls `spend` with its cost, in instructions
 * and characters. @throws like `compilePattern`, and when the patterns are too long together.
 */
export function createPatterns(
  spend: (instructions: number, characters: number) => void,
): (pattern: string) => Pattern {
  const made = new Map<string, Pattern>()
  let characters = 0
  let size = 0
  return pattern => {
    const known = made.get(pattern)
    if (known) return known
    characters += pattern.length
    if (characters > PATTERNS_CHARACTERS_MAX)
      throw new SyntaxError(`the patterns are longer than ${PATTERNS_CHARACTERS_MAX} characters together`)
    const compiled = compilePattern(pattern)
    const instructions = compiled.programSize()
    size += instructions
    if (size > PROGRAMS_SIZE_MAX) throw new SyntaxError('the patterns are too large together')
    const counted: Pattern = {
      test(text) {
        spend(instructions, text.length)
        return compiled.test(text)
      },
    }
    made.set(pattern, counted)
    return counted
  }
}

/** @throws SyntaxError with the reason when the pattern is malformed or cannot be judged in linear time. */
export function compilePattern(pattern: string): RE2JS {
  if (pattern.length > PATTERN_CHARACTERS_MAX)
    throw new SyntaxError(`a pattern is longer than ${PATTERN_CHARACTERS_MAX} characters`)
  new RegExp(pattern, 'u')
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(translate(pattern))
  } catch (error) {
    if (error instanceof SyntaxError) throw error
    throw new SyntaxError(`the pattern ${pattern.slice(0, 80)} is too large or uses what linear time does not allow`)
  }
  if (compiled.programSize() > PROGRAM_SIZE_MAX)
    throw new SyntaxError(`the pattern ${pattern.slice(0, 80)} is too large`)
  return compiled
}

/** ECMA-262's white space and line terminators, as RE2 ranges. */
const SPACE =
  '\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}'
const NOT_SPACE =
  '\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}' +
  '\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}'
const ANY = '[\\x{0}-\\x{10ffff}]'
const NONE = '[^\\x{0}-\\x{10ffff}]'
const NOT_LINE_END = '[^\\x{a}\\x{d}\\x{2028}\\x{2029}]'
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 }

/** An escape of a pattern that JavaScript's parser has accepted; the flag `u` allows no other use of a backslash. */
const ESCAPE = String.raw`\\(?:u(?<high>[dD][89abAB][\dA-Fa-f]{2})\\u(?<low>[dD][c-fC-F][\dA-Fa-f]{2})|u(?<unit>[\dA-Fa-f]{4})|u\{(?<point>[\dA-Fa-f]+)\}|x(?<byte>[\dA-Fa-f]{2})|c(?<control>[A-Za-z])|(?<property>[pP]\{[^}]+\})|(?<reference>k<|[1-9])|(?<escaped>[\s\S]))`
const IN_CLASS = new RegExp(`${ESCAPE}|(?<character>[\\s\\S])`, 'uy')
/** Outside classes also: the start of a group or of a class, a quantifier in braces. */
const OUTSIDE = new RegExp(
  String.raw`${ESCAPE}|(?<group>\(\?(?:<[^=!>][^>]*>|<?[=!]|[a-z-]*:))|(?<classStart>\[\^?\]?)|(?<braces>\{[\d,]+\})|(?<character>[\s\S])`,
  'uy',
)

/** The same language in RE2's syntax. */
function translate(pattern: string): string {
  let output = ''
  let inClass = false
  for (let at = 0; at < pattern.length; ) {
    const expected: RegExp = inClass ? IN_CLASS : OUTSIDE
    expected.lastIndex = at
    const token: RegExpExecArray | null = expected.exec(pattern)
    if (!token?.groups) throw new SyntaxError('the pattern cannot be read')
    at = expected.lastIndex
    output += tokenOf(token.groups, inClass)
    inClass = inClass ? token[0] !== ']' : token[0] === '[' || token[0] === '[^'
  }
  return output
}

function tokenOf(token: Readonly<Record<string, string | undefined>>, inClass: boolean): string {
  const { high, low, unit, point, byte, control, property, reference, escaped, group, classStart, braces, character } =
    token
  if (high && low)
    return literal(((Number.parseInt(high, 16) - 0xd800) << 10) + (Number.parseInt(low, 16) - 0xdc00) + 0x10000)
  const code = unit ?? point ?? byte
  if (code) return literal(Number.parseInt(code, 16))
  if (control) return literal(control.charCodeAt(0) % 32)
  if (property) return `\\${property.charAt(0)}{${propertyOf(property.slice(2, -1))}}`
  if (reference) throw new SyntaxError('back-references cannot be judged in linear time')
  if (escaped !== undefined) return escapeOf(escaped, inClass)
  if (group) return groupOf(group)
  if (classStart) return classStart === '[]' ? NONE : classStart === '[^]' ? ANY : classStart
  if (braces) return braces
  return inClass ? inClassOf(character as string) : characterOf(character as string)
}

/** `^` negates only directly behind the bracket, where it is part of the class's start. */
const inClassOf = (character: string): string =>
  character === ']' || character === '-' ? character : literal(character.codePointAt(0) as number)

function literal(codePoint: number): string {
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) throw new SyntaxError('half a surrogate pair is no character')
  return `\\x{${codePoint.toString(16)}}`
}

function characterOf(character: string): string {
  if (character === '.') return NOT_LINE_END
  if (character === '(') return '(?:'
  return '^$|)*+?'.includes(character) ? character : literal(character.codePointAt(0) as number)
}

function escapeOf(character: string, inClass: boolean): string {
  if (character === 's') return inClass ? SPACE : `[${SPACE}]`
  if (character === 'S') return inClass ? NOT_SPACE : `[${NOT_SPACE}]`
  if (character === 'b' && inClass) return literal(8)
  if ('dDwWbB'.includes(character)) return `\\${character}`
  return literal(CONTROLS[character] ?? (character.codePointAt(0) as number))
}

function groupOf(group: string): string {
  if (group === '(?:') return group
  if (/^\(\?<[^=!]/u.test(group)) return '(?:'
  throw new SyntaxError('look-around and modifiers cannot be judged in linear time')
}

const LONG_CATEGORIES: Readonly<Record<string, string>> = {
  Letter: 'L',
  Lowercase_Letter: 'Ll',
  Uppercase_Letter: 'Lu',
  Number: 'N',
  Decimal_Number: 'Nd',
  digit: 'Nd',
  Punctuation: 'P',
  punct: 'P',
  Symbol: 'S',
  Separator: 'Z',
  Mark: 'M',
}

/** General categories and scripts; RE2 has no other properties. */
function propertyOf(name: string): string {
  const [kind, value] = name.includes('=') ? name.split('=') : ['gc', name]
  if (kind === 'Script' || kind === 'sc') return value as string
  if (kind === 'gc' || kind === 'General_Category') {
    const short = LONG_CATEGORIES[value as string] ?? (value as string)
    if (/^(?:[CLMNPSZ][a-z]?|Any)$/.test(short)) return short
  }
  throw new SyntaxError(`the character property ${name} is not supported in patterns`)
}
