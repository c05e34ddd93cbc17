/** JSON in its canonical form (RFC 8785), and schema hashes made from it. */
import { hash } from 'node:crypto'
import { ExactNumber } from './exact-number.ts'

/** @throws TypeError for values without a canonical form: numbers that are not finite, strings with lone surrogates. */
export function canonicalJson(value: unknown): string {
  if (value instanceof ExactNumber || (typeof value === 'number' && !Number.isFinite(value)))
    throw new TypeError('a number is beyond double precision')
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('a string has a lone surrogate')
  return render(value, canonicalJson)
}

/** A string that two JSON values share exactly when they are equal; never throws. Not for storing. */
export function identityOf(value: unknown): string {
  if (typeof value === 'number') return String(value === 0 ? 0 : value)
  return value instanceof ExactNumber ? value.identity : render(value, identityOf)
}

/** SHA-256 of the canonical JSON, descriptions included, in hex. @throws like `canonicalJson`. */
export const schemaHash = (schema: Record<string, unknown>): string => hash('sha256', canonicalJson(schema), 'hex')

/**
 * JSON.stringify writes numbers and strings as RFC 8785 requires; the default sort is by UTF-16 code units, as it
 * requires too.
 */
function render(value: unknown, renderMember: (member: unknown) => string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(renderMember).join(',')}]`
  const record = value as Record<string, unknown>
  const members = Object.keys(record).sort()
  return `{${members.map(key => `${renderMember(key)}:${renderMember(record[key])}`).join(',')}}`
}
