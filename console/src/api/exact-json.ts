/**
 * Reads the JSON of an answer. The members named by the caller, such as payloads, stay the text that they are: a number
 * such as `12.50` has no double that shows it again.
 */
import { applyEdits, format, type Node, type ParseError, parseTree } from 'jsonc-parser'

/** JSON as text, never parsed. */
export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * `isAnswer`: the members of the text itself, such as the `data` of an answer, are read in any case. Throws a `SyntaxError`
 * for what is not JSON.
 */
export function readJson(text: string, textMembers: readonly string[], isAnswer = false): unknown {
  if (textMembers.length === 0) return JSON.parse(text)
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  if (root === undefined || errors.length > 0) throw new SyntaxError('the answer is not JSON')
  return readNode(root, text, new Set(textMembers), isAnswer)
}

function readNode(node: Node, text: string, kept: ReadonlySet<string>, isAnswer = false): unknown {
  if (node.type === 'array') return (node.children ?? []).map(each => readNode(each, text, kept))
  if (node.type !== 'object') return node.value
  const read: Record<string, unknown> = {}
  for (const { children } of node.children ?? []) {
    const [name, value] = children ?? []
    if (name === undefined || value === undefined) continue
    const key = String(name.value)
    const found =
      !isAnswer && kept.has(key)
        ? new JsonText(text.slice(value.offset, value.offset + value.length))
        : readNode(value, text, kept)
    Object.defineProperty(read, key, { value: found, enumerable: true, writable: true, configurable: true })
  }
  return read
}

/** Indented; only white space differs. What is not JSON stays as it is. */
export function indented(text: string): string {
  const options = { insertSpaces: true, tabSize: 2, eol: '\n' }
  const errors: ParseError[] = []
  parseTree(text, errors, { disallowComments: true })
  return errors.length > 0 ? text : applyEdits(text, format(text, undefined, options))
}
