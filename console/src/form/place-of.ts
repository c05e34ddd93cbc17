/** Where in a text of JSON a finding is: the value that its pointer names, or the nearest one around it. */
import { findNodeAtLocation } from 'jsonc-parser'
import { treeOf } from './edit-json.ts'

/** Pointers of a call name the member of its body first. */
const MEMBERS = ['payloadSchema', 'payloadExample', 'payload']

export function placeOf(text: string, pointer: string): { from: number; to: number } | undefined {
  const tree = treeOf(text)
  if (tree === undefined) return undefined
  const parts = pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  let found = tree
  for (const part of MEMBERS.includes(parts[0] ?? '') ? parts.slice(1) : parts) {
    // A property may have a number for its name.
    const next = findNodeAtLocation(found, [found.type === 'array' ? Number(part) : part])
    if (next === undefined) break
    found = next
  }
  if (found !== tree) return { from: found.offset, to: found.offset + found.length }
  // All of it: its first character is enough.
  return { from: tree.offset, to: Math.min(tree.offset + 1, text.length) }
}
