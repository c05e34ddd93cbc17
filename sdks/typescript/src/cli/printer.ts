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
  /** Text as it is. */
  raw(text: string): void
  /** A message for the user, on stderr. */
  note(text: string): void
}

/** `table`: for people. `format`: one line for each object, with `{field}` for its fields. */
export type Form = { kind: 'table' | 'json' | 'ndjson' | 'csv' } | { kind: 'format'; format: string }

const CELL_CHARACTERS_MAX = 80

/** No colours: neither a terminal nor a pipe ever gets a control sequence. */
export function createPrinter(stdout: Writable, stderr: Writable, form: Form): Printer {
  const out = (text: string): void => void stdout.write(`${text}\n`)
  const asJson = (value: unknown): void => out(JSON.stringify(value, null, 2))
  let hasHeader = false

  function rows(records: readonly object[], columns: readonly string[]): void {
    if (form.kind === 'format') for (const record of records) stdout.write(formatted(form.format, record))
    if (form.kind === 'ndjson') for (const record of records) out(JSON.stringify(record))
    if (form.kind !== 'csv') return
    if (!hasHeader) out(columns.map(csvCell).join(','))
    hasHeader = true
    for (const record of records) out(columns.map(name => csvCell((record as Record<string, unknown>)[name])).join(','))
  }

  return {
    json: form.kind === 'json',
    record(record) {
      if (form.kind === 'json') asJson(record)
      else if (form.kind === 'table') out(columnsOf(fieldsOf(record)).join('\n'))
      else rows([record], Object.keys(record))
    },
    table(records, columns) {
      if (form.kind === 'json') return asJson(records)
      if (form.kind !== 'table') return rows(records, form.kind === 'csv' ? allColumns(records) : columns)
      if (records.length === 0) return void stderr.write('nothing\n')
      const cells = records.map(row => columns.map(column => cell((row as Record<string, unknown>)[column])))
      out(columnsOf([columns.map(column => column.toUpperCase()), ...cells]).join('\n'))
    },
    line(text, record) {
      if (form.kind === 'table') out(text)
      else if (form.kind === 'json') out(JSON.stringify(record))
      else rows([record], Object.keys(record))
    },
    raw: text => void stdout.write(text),
    note: text => void stderr.write(`${text}\n`),
  }
}

const allColumns = (records: readonly object[]): string[] => [...new Set(records.flatMap(Object.keys))]

/** `{sequence} {data.total}\n`: a field by its path; `\n` and `\t` as in a shell's printf. */
function formatted(format: string, record: object): string {
  const text = format.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
  const filled = text.replace(/\{([\w.]+)\}/g, (_, path: string) => {
    const value = path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], record)
    return cell(value, Number.POSITIVE_INFINITY)
  })
  return filled.endsWith('\n') ? filled : `${filled}\n`
}

/** RFC 4180; a cell that a spreadsheet would run as a formula gets a `'` before it. */
function csvCell(value: unknown): string {
  const text =
    value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
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
