/** What takes a finding of the platform away: a property that a new version must not require becomes optional. */
import { applyEdits, findNodeAtLocation, modify } from 'jsonc-parser'
import { treeOf } from './edit-json.ts'

const MEMBER = 'payloadSchema'

/** The text with its property optional; undefined where the finding is another, or is settled already. */
export function madeOptional(
  text: string,
  { path: pointer, rule }: { path: string; rule: string },
  before: string | undefined,
): string | undefined {
  if (rule !== 'property_required' && rule !== 'required_added') return undefined
  const path = partsOf(pointer)
  const ofRequired = rule === 'required_added' ? path : [...path.slice(0, -2), 'required']
  const now = namesAt(text, ofRequired)
  if (now === undefined) return undefined
  const former = new Set(before === undefined ? [] : (namesAt(before, ofRequired) ?? []))
  const kept =
    rule === 'required_added' ? now.filter(name => former.has(name)) : now.filter(name => name !== path.at(-1))
  if (kept.length === now.length) return undefined
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: '\n' }
  return applyEdits(text, modify(text, ofRequired, kept.length === 0 ? undefined : kept, { formattingOptions }))
}

/** Pointers of a call name the member of its body first. */
function partsOf(pointer: string): string[] {
  const parts = pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  return parts[0] === MEMBER ? parts.slice(1) : parts
}

function namesAt(text: string, path: string[]): string[] | undefined {
  const tree = treeOf(text)
  const found = tree && findNodeAtLocation(tree, path)
  if (found?.type !== 'array') return undefined
  return (found.children ?? []).flatMap(({ value }) => (typeof value === 'string' ? [value] : []))
}
