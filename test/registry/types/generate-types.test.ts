import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../../src/clock.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { createTypeGenerator } from '../../../src/registry/types/type-generator.ts'
import { SCHEMAS, sourceOf } from './schemas.ts'

const generator = createTypeGenerator({ clock: createSystemClock() })
const typescript = (schema: SchemaObject) => generator.generate(sourceOf('order.placed', schema), 'typescript')

/** The compiler's complaints about a program. */
function compile(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'clarion-types-'))
  try {
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code)
    const names = Object.keys(files).map(name => join(folder, name))
    execFileSync('node_modules/.bin/tsc', [
      '--noEmit',
      '--ignoreConfig',
      '--strict',
      '--module',
      'nodenext',
      '--allowImportingTsExtensions',
      ...names,
    ])
    return ''
  } catch (error) {
    return String((error as { stdout?: Buffer }).stdout ?? error)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('generated types', () => {
  it('compile as TypeScript, whatever the schema says', async () => {
    const files = await Promise.all(
      Object.values(SCHEMAS).map(async (schema, index) => [`schema${index}.ts`, await typescript(schema)] as const),
    )
    expect(compile(Object.fromEntries(files))).toBe('')
  }, 60_000)

  it('express required and optional members, and alternatives', async () => {
    const code = await typescript(SCHEMAS.order!)
    const use = (payload: string) =>
      compile({
        'order.ts': code,
        'use.ts': `import type { OrderPlaced } from './order.ts'\nexport const order: OrderPlaced = ${payload}\n`,
      })
    expect(use("{ id: 'o-1', at: '2026-01-01T00:00:00Z', currency: 'EUR', lines: [{ sku: 'a' }] }")).toBe('')
    expect(use("{ at: '2026-01-01T00:00:00Z' }")).toContain("'id' is missing")
    expect(use("{ id: 'o-1', at: '2026-01-01T00:00:00Z', currency: 'XXX' }")).toContain('XXX')
  }, 60_000)

  it('carry the name of the version and its schema hash, in each language', async () => {
    const source = sourceOf('order.placed', SCHEMAS.order!)
    for (const [language, constant] of [
      ['typescript', `export const OrderPlacedSchemaHash = '${source.schemaHash}';`],
      ['python', `ORDER_PLACED_SCHEMA_HASH = "${source.schemaHash}"`],
      ['go', `const OrderPlacedSchemaHash = "${source.schemaHash}"`],
    ] as const) {
      const code = await generator.generate(source, language)
      expect(code).toContain(constant)
      expect(code).toContain(`${source.canonicalName}, schema SHA-256 ${source.schemaHash}`)
    }
  })
})
