/** Cells for spreadsheets (RFC 4180), none of which a spreadsheet takes for a formula. */

const FORMULA = /^[=+\-@\t\r]/
const QUOTED = /[",\n\r]/

/** A line with its end. Objects are JSON; what is absent is empty. */
export const csvLine = (cells: readonly unknown[]): string => `${cells.map(cellOf).join(',')}\r\n`

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
