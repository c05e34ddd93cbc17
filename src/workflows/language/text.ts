/** The text that a value becomes within other text: what is not there is empty, an object or a list is its JSON. */
import { ExactNumber } from '../../json/exact-number.ts'

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (value instanceof ExactNumber) return value.text
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
