/**
 * The words of an SQL text, as PostgreSQL reads them: comments nest, strings and dollar quotes hide what is in them,
 * quoted identifiers are identifiers. It judges what kind of statement a text is; PostgreSQL judges the rest.
 */
import { ClarionError } from '../../model/codes.ts'

const STATEMENTS = ['select', 'with', 'values', 'table', 'insert', 'update', 'delete', 'merge'] as const
export const SQL_CHARACTERS_MAX = 65_536

/**
 * Names in the catalogs, and types that turn a number into the name of what has it: a cast to them is checked by no
 * privilege. An underscore before a type's name is the name of its array.
 */
const HIDDEN =
  /^_?(?:pg_.*|information_schema|clarion|aclitem|reg(?:class|role|namespace|proc|procedure|oper|operator|type|config|dictionary|collation|database))$/

/** Throws `sql_refused` for a text that is not one statement on rows, or that names what is hidden. */
export function checkSql(text: string): void {
  if (text.length > SQL_CHARACTERS_MAX) throw refused(`is longer than ${SQL_CHARACTERS_MAX} characters`)
  if (text.includes('\0')) throw refused('holds the character U+0000')
  let first: string | undefined
  for (const { kind, name, at } of wordsOf(text)) {
    if (kind === 'escaped') throw refused(`has an identifier with escapes at character ${at + 1}: write it plainly`)
    if (first === undefined && kind === 'word') first = name
    first ??= ''
    if (HIDDEN.test(name)) throw refused(`names '${name}' at character ${at + 1}, which is not yours to read`)
  }
  if (!(STATEMENTS as readonly string[]).includes(first ?? ''))
    throw refused(`begins with '${(first ?? '').slice(0, 40)}': one of ${STATEMENTS.join(', ')} is possible`)
}

function refused(message: string): ClarionError {
  const details = [{ path: '/sql', rule: 'sql', message }]
  return new ClarionError('sql_refused', `The SQL text ${message}.`, { details })
}

export interface Word {
  /** A bare word, in lower case as PostgreSQL folds it; an identifier in quotes; one with unicode escapes. */
  kind: 'word' | 'quoted' | 'escaped'
  name: string
  at: number
}

const SPACE = /[\s]+/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const NUMBER = /[0-9][\w.]*/y
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const PLAIN = /'(?:[^']|'')*'/y
const ESCAPED = /'(?:[^'\\]|''|\\[\s\S])*'/y
const QUOTED = /"(?:[^"]|"")*"/y

/** Words and identifiers outside strings and comments. Throws `sql_refused` where a quote or comment does not end. */
export function* wordsOf(text: string): Generator<Word> {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  const must = (pattern: RegExp, what: string): string => {
    const start = at
    return take(pattern) ?? fail(what, start)
  }
  while (at < text.length) {
    if (take(SPACE) !== undefined) continue
    if (text.startsWith('--', at)) at = endOfLine(text, at)
    else if (text.startsWith('/*', at)) at = endOfComment(text, at)
    else if (text[at] === "'") must(PLAIN, 'string')
    else if (text[at] === '"') yield quotedWord(at, must(QUOTED, 'identifier'))
    else if (text[at] === '$') {
      const tag = take(DOLLAR_TAG)
      if (tag === undefined) at++
      else at = endOfDollar(text, at, tag)
    } else if (take(NUMBER) === undefined) {
      const start = at
      const word = take(WORD)
      if (word === undefined) at++
      else if (isPrefix(word, "'", text[at])) must(/^e$/i.test(word) ? ESCAPED : PLAIN, 'string')
      else if (/^u$/i.test(word) && text[at] === '&' && text[at + 1] === '"')
        yield { kind: 'escaped', name: '', at: start }
      else yield { kind: 'word', name: word.toLowerCase(), at: start }
    }
  }
}

/** `E'…'`, `B'…'`, `X'…'` and `N'…'`; of `U&'…'` the string follows by itself. */
const isPrefix = (word: string, quote: string, next: string | undefined): boolean =>
  next === quote && /^[ebxn]$/i.test(word)

const quotedWord = (at: number, text: string): Word => ({
  kind: 'quoted',
  name: text.slice(1, -1).replaceAll('""', '"'),
  at,
})

const fail = (what: string, at: number): never => {
  throw refused(`has a ${what} at character ${at + 1} that does not end`)
}

/** PostgreSQL ends a comment at either. */
function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === '\n' || text[at] === '\r') return at
  return text.length
}

function endOfComment(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; ) {
    if (text.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (text.startsWith('*/', at)) {
      depth--
      at += 2
      if (depth === 0) return at
    } else at++
  }
  return fail('comment', from)
}

function endOfDollar(text: string, from: number, tag: string): number {
  const end = text.indexOf(tag, from)
  return end < 0 ? fail('dollar quote', from - tag.length) : end + tag.length
}
