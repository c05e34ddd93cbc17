/** Edits of JSON text by path. All that is not edited stays as it was written, and numbers are written as typed. */
import {
  applyEdits,
  findNodeAtLocation,
  type JSONPath,
  modify,
  type Node,
  type ParseError,
  parseTree,
} from 'jsonc-parser'

const OPTIONS = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } }

/** Undefined: the text is not JSON. */
export function treeOf(text: string): Node | undefined {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  return errors.length > 0 ? undefined : root
}

/** The text of the value at the path; undefined: there is none. */
export function textAt(text: string, path: JSONPath): string | undefined {
  const root = treeOf(text)
  const node = root === undefined ? undefined : findNodeAtLocation(root, path)
  return node === undefined ? undefined : text.slice(node.offset, node.offset + node.length)
}

/** `value`: JSON text; undefined takes the member out. Text that is not JSON stays as it is. */
export function withValue(text: string, path: JSONPath, value: string | undefined): string {
  if (treeOf(text) === undefined) return text
  if (value === undefined) return applyEdits(text, modify(text, path, undefined, OPTIONS))
  // The library writes values by itself, which would change numbers: a mark is put in, and then replaced.
  const marked = applyEdits(text, modify(text, path, '', OPTIONS))
  const root = treeOf(marked)
  const node = root === undefined ? undefined : findNodeAtLocation(root, path)
  if (node === undefined) return text
  return marked.slice(0, node.offset) + value + marked.slice(node.offset + node.length)
}

/** Whether this is a number as JSON writes it, of any size and precision. */
export const isNumberText = (text: string): boolean => /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)
