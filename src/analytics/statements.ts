/** SQL in files beside the code. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EMIT_FRAGMENTS } from './read/emit-fragments.ts'
import { STEP_FRAGMENTS } from './read/newest-step.ts'
import { READING_FRAGMENTS } from './read/reading-fragments.ts'

const FRAGMENTS: Readonly<Record<string, string>> = { ...STEP_FRAGMENTS, ...EMIT_FRAGMENTS, ...READING_FRAGMENTS }

/** The text of `queries/<name>.sql`, with each `{{fragment}}` replaced. Throws for an unknown fragment. */
export function readQuery(name: string): string {
  const text = readFileSync(join(import.meta.dirname, 'queries', `${name}.sql`), 'utf8')
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, fragment: string) => {
    const found = FRAGMENTS[fragment]
    if (found === undefined) throw new Error(`${name}.sql names ${fragment}, which is no fragment`)
    return found
  })
}

export interface Migration {
  /** File name without `.sql`; begins with four digits. */
  name: string
  text: string
}

/** `migrations/NNNN-*.sql`, in order. */
export function readMigrations(): Migration[] {
  const folder = join(import.meta.dirname, 'migrations')
  return readdirSync(folder)
    .filter(file => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort()
    .map(file => ({ name: file.slice(0, -'.sql'.length), text: readFileSync(join(folder, file), 'utf8') }))
}

/** A file's statements: each ends with a semicolon at the end of a line; comments have lines of their own. */
export function splitStatements(text: string): string[] {
  return text
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map(statement => statement.trim())
    .filter(statement => statement !== '')
}
