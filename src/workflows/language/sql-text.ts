/**
 * SQL with templates. Each expression becomes a bound parameter, so what it yields is never read as SQL; where no
 * parameter can be (in quotes, comments, names), deploy refuses it. The words follow PostgreSQL's lexer.
 */
import { type Compiled, compileExpression } from './compile-template.ts'
import type { Template } from './template-syntax.ts'

export interface SqlProblem {
  rule: 'sql_refused' | 'sql_parameter'
  message: string
}

/** A statement with its bound values, `$1` first. */
export interface BoundSql {
  text: string
  values: unknown[]
}

const STATEMENTS = ['select', 'with', 'values', 'table', 'insert', 'update', 'delete', 'merge']
const CHANGING = ['insert', 'update', 'delete', 'merge']
/** Stands for an expression; PostgreSQL knows no such character. */
const PLACE = '\0'

type Kind = 'word' | 'name' | 'text' | 'comment' | 'number' | 'place' | 'parameter' | 'symbol'
interface Token {
  kind: Kind
  text: string
  /** Whether white space or a comment is before it. */
  apart: boolean
}

const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n\r]*)`,
    String.raw`(?<dollar>\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[\s\S]*?(?:\$\k<tag>\$|$))`,
    String.raw`(?<escaped>[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$))`,
    `(?<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$))`,
    `(?<name>(?:[uU]&)?"(?:[^"]|"")*(?:"|$))`,
    String.raw`(?<parameter>\$\d+)`,
    String.raw`(?<number>\.?\d[\w.]*)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<place>\0)`,
    String.raw`(?<symbol>[\s\S])`,
  ].join('|'),
  'uy',
)

/** The first problem of a statement; undefined when it may run. */
export function sqlProblem(template: Template): SqlProblem | undefined {
  if (template.some(part => typeof part === 'string' && part.includes(PLACE))) return refused('has a NUL character')
  const tokens = tokensOf(template)
  const first = tokens.find(({ text }) => text !== '(')
  if (first?.kind !== 'word' || !STATEMENTS.includes(first.text.toLowerCase()))
    return refused(`must be one statement that begins with ${STATEMENTS.map(word => word.toUpperCase()).join(', ')}`)
  const semicolon = tokens.findIndex(({ text, kind }) => kind === 'symbol' && text === ';')
  if (semicolon >= 0 && semicolon < tokens.length - 1)
    return refused('must be one statement: nothing follows a semicolon')
  if (tokens.some(({ kind }) => kind === 'parameter'))
    return refused('must not have $1: a template binds its value itself')
  return placeProblem(tokens)
}

/** Whether the first word is one that changes rows; a WITH may hide others. */
export function changesRows(template: Template): boolean {
  const first = tokensOf(template).find(({ text }) => text !== '(')
  return first !== undefined && CHANGING.includes(first.text.toLowerCase())
}

export function compileSql(template: Template): Compiled {
  const expressions = template.filter(part => typeof part === 'object').map(compileExpression)
  let count = 0
  const text = template.map(part => (typeof part === 'string' ? part : `$${++count}`)).join('')
  return (evaluation): BoundSql => ({ text, values: expressions.map(value => value(evaluation)) })
}

function tokensOf(template: Template): Token[] {
  const text = template.map(part => (typeof part === 'string' ? part : PLACE)).join('')
  const tokens: Token[] = []
  let apart = false
  for (let at = 0; at < text.length; ) {
    if (text.startsWith('/*', at)) {
      const end = commentEnd(text, at)
      if (text.slice(at, end).includes(PLACE)) tokens.push({ kind: 'comment', text: PLACE, apart })
      at = end
      apart = true
      continue
    }
    TOKEN.lastIndex = at
    const groups = TOKEN.exec(text)!.groups as Record<string, string | undefined>
    const [kind, matched] = kindOf(groups)
    at += matched.length
    if (kind === undefined) {
      if (matched.includes(PLACE)) tokens.push({ kind: 'comment', text: PLACE, apart })
      apart = true
      continue
    }
    tokens.push({ kind, text: matched, apart })
    apart = false
  }
  return tokens
}

function kindOf(groups: Record<string, string | undefined>): [Kind | undefined, string] {
  const { space, dollar, escaped, text, name, parameter, number, word, place, symbol } = groups
  if (space !== undefined) return [undefined, space]
  const quoted = dollar ?? escaped ?? text
  if (quoted !== undefined) return ['text', quoted]
  if (name !== undefined) return ['name', name]
  if (parameter !== undefined) return ['parameter', parameter]
  if (number !== undefined) return ['number', number]
  if (word !== undefined) return ['word', word]
  return place === undefined ? ['symbol', symbol!] : ['place', place]
}

/** Comments nest. */
function commentEnd(text: string, from: number): number {
  let open = 0
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('/*', at)) {
      open++
      at++
    } else if (text.startsWith('*/', at)) {
      at++
      if (--open === 0) return at + 1
    }
  }
  return text.length
}

/** Words that a name follows, never a value. */
const BEFORE_NAMES: ReadonlySet<string> = new Set(['from', 'join', 'into', 'update', 'table', 'only', 'as'])
/** Functions whose arguments have a FROM of their own. */
const WITH_FROM: ReadonlySet<string> = new Set(['extract', 'substring', 'trim', 'overlay', 'position'])

function placeProblem(tokens: readonly Token[]): SqlProblem | undefined {
  const functions: string[] = []
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]
    if (token.text === '(') functions.push(before?.kind === 'word' ? before.text.toLowerCase() : '')
    else if (token.text === ')') functions.pop()
    if (token.kind === 'text' && token.text.includes(PLACE))
      return parameter('is inside quotes: take them away, a template is a value already')
    if (token.kind === 'name' && token.text.includes(PLACE)) return parameter('is a name in quotes: names are literal')
    if (token.kind === 'comment') return parameter('is in a comment')
    if (token.kind !== 'place') continue
    const after = tokens[index + 1]
    if (touches(before, token) || (after !== undefined && touches(after, after)))
      return parameter('touches a name, a number or quotes: leave a space, and write names literally')
    if (isNamePosition(tokens, index, functions.at(-1) ?? ''))
      return parameter('is where a name belongs: names are literal')
  }
  return undefined
}

/** Whether a neighbour would be one word with the parameter; `later` is the second of both. */
const touches = (neighbour: Token | undefined, later: Token): boolean =>
  neighbour !== undefined &&
  !later.apart &&
  (neighbour.kind === 'word' ||
    neighbour.kind === 'number' ||
    neighbour.kind === 'name' ||
    neighbour.kind === 'text' ||
    neighbour.kind === 'place' ||
    neighbour.text === '.' ||
    neighbour.text === '$')

function isNamePosition(tokens: readonly Token[], index: number, inFunction: string): boolean {
  const before = wordAt(tokens, index - 1)
  if (before === 'by') return ['order', 'group'].includes(wordAt(tokens, index - 2))
  if (before === 'from' && (WITH_FROM.has(inFunction) || wordAt(tokens, index - 2) === 'distinct')) return false
  return BEFORE_NAMES.has(before)
}

const wordAt = (tokens: readonly Token[], index: number): string => {
  const token = tokens[index]
  return token?.kind === 'word' ? token.text.toLowerCase() : ''
}

const refused = (message: string): SqlProblem => ({ rule: 'sql_refused', message: `the statement ${message}` })
const parameter = (message: string): SqlProblem => ({ rule: 'sql_parameter', message: `a template ${message}` })
