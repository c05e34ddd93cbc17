/** Output: tables for people, or JSON for programs; results on stdout, everything else on stderr. */
import type { Writable } from 'node:stream'

export interface Printer {
  json: boolean
  /** One object: a line for each field, or one JSON document. */
  record(record: object): void
  /** Several objects: a table with these columns, or one JSON array with all fields. */
  table(rows: readonly object[], columns: readonly string[]): void
  /** One object of a stream: a line, or JSON on one line. */
  line(text: string, record: object): void
  /** A message for the user, on stderr. */
  note(text: string): void
}

const CELL_CHARACTERS_MAX = 80

export function createPrinter(stdout: Writable, stderr: Writable, json: boolean): Printer {
  const out = (text: string): void => void stdout.write(`${text}\n`)
  const asJson = (value: unknown): void => out(JSON.stringify(value, null, 2))
  return {
    json,
    record: record => (json ? asJson(record) : out(columnsOf(fieldsOf(record)).join('\n'))),
    table(rows, columns) {
      if (json) return asJson(rows)
      if (rows.length === 0) return void stderr.write('nothing\n')
      const cells = rows.map(row => columns.map(column => cell((row as Record<string, unknown>)[column])))
      out(columnsOf([columns.map(column => column.toUpperCase()), ...cells]).join('\n'))
    },
    line: (text, record) => out(json ? JSON.stringify(record) : text),
    note: text => void stderr.write(`${text}\n`),
  }
}

/** `{ emits: { used: 1 } }` is shown as `emits.used  1`. */
function fieldsOf(record: object, prefix = ''): string[][] {
  return Object.entries(record).flatMap(([name, value]) =>
    isPlain(value) && Object.keys(value).length > 0
      ? fieldsOf(value, `${prefix}${name}.`)
      : [[prefix + name, cell(value, Number.POSITIVE_INFINITY)]],
  )
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** On one line, and without control sequences for terminals, because the text may come from anyone. */
function cell(value: unknown, charactersMax = CELL_CHARACTERS_MAX): string {
  const text =
    value === null || value === undefined ? '-' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  const plain = printable(text)
  return plain.length > charactersMax ? `${plain.slice(0, charactersMax - 1)}…` : plain
}

export const printable = (text: string): string => text.replace(/\p{Cc}+/gu, ' ')

function columnsOf(rows: string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows.map(row =>
    row.map((text, column) => (column === row.length - 1 ? text : text.padEnd(widths[column] ?? 0))).join('  '),
  )
}
