/** Which way imports go: `imports.config.mjs` holds for the program, and each of its rules finds what it forbids. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('../..', import.meta.url))
const RULES = 'imports.config.mjs'
const FOLDER_RULES = 'imports-folders.config.mjs'
const PROGRAM = '{src,topics,processors,sdks,console/src}/**/*.{ts,tsx}'

/** One file of each room, from the floor up. */
const FLOORS: Array<[room: string, file: string]> = [
  ['clock', 'src/clock.ts'],
  ['process', 'src/process/a.ts'],
  ['model', 'src/model/a.ts'],
  ['json', 'src/json/a.ts'],
  ['crypto', 'src/crypto/a.ts'],
  ['topics', 'topics/a.ts'],
  ['kafka', 'src/kafka/read/a.ts'],
  ['events', 'src/events/a.ts'],
  ['observability', 'src/observability/a.ts'],
  ['analytics', 'src/analytics/read/a.ts'],
  ['registry', 'src/registry/a.ts'],
  ['ingress', 'src/ingress/a.ts'],
  ['delivery', 'src/delivery/a.ts'],
  ['notifications', 'src/notifications/a.ts'],
  ['control-plane', 'src/control-plane/store/a.ts'],
  ['kafka-access', 'src/kafka-access/a.ts'],
  ['ledger', 'src/ledger/a.ts'],
  ['replay', 'src/replay/a.ts'],
  ['processors', 'processors/admit/a.ts'],
  ['api', 'src/api/emits/a.ts'],
  ['settings', 'src/settings/a.ts'],
  ['embedded', 'src/embedded/a.ts'],
  ['compose', 'src/compose/a.ts'],
  ['main', 'src/main.ts'],
]

/** Imports that a rule forbids, beside those from one floor to the next. */
const FORBIDDEN: Array<[rule: string, from: string, to: string]> = [
  ['crypto-imports-no-json', 'src/crypto/b.ts', 'src/json/a.ts'],
  ['api-imports-no-processors', 'src/api/emits/b.ts', 'processors/admit/a.ts'],
  ['every-file-has-a-room', 'src/attic/a.ts', 'src/clock.ts'],
  ['http-knows-no-resource', 'src/api/http/a.ts', 'src/api/emits/a.ts'],
  ['http-knows-no-resource', 'src/api/shared/a.ts', 'src/api/emits/a.ts'],
  ['resources-apart', 'src/api/webhooks/a.ts', 'src/api/emits/a.ts'],
  ['clients-use-the-public-api', 'sdks/typescript/src/a.ts', 'src/model/a.ts'],
  ['clients-use-the-public-api', 'console/src/a.ts', 'topics/a.ts'],
  ['the-platform-uses-no-client', 'src/api/emits/c.ts', 'sdks/typescript/src/b.ts'],
  ['no-tests-in-the-program', 'src/kafka/read/b.ts', 'test/support/a.ts'],
]

/** Imports that no rule may forbid. */
const ALLOWED: Array<[from: string, to: string]> = [
  ['src/api/webhooks/b.ts', 'src/api/http/b.ts'],
  ['src/api/webhooks/b.ts', 'src/api/shared/b.ts'],
  ['src/api/webhooks/b.ts', 'src/api/webhooks/c.ts'],
  ['src/compose/b.ts', 'src/api/webhooks/c.ts'],
  ['src/events/b.ts', 'src/json/b.ts'],
  ['sdks/typescript/src/c.ts', 'sdks/typescript/src/b.ts'],
]

interface Violation {
  rule: { name: string }
  from: string
  to: string
}

async function violations(directory: string, config: string, files: string): Promise<string[]> {
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const options = ['--config', join(root, config), '--output-type', 'json', files]
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...options], {
    cwd: directory,
    maxBuffer: 1e9,
  })
  const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[]; totalCruised: number } }
  expect(summary.totalCruised).toBeGreaterThan(0)
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
}

/** Runs `act` in a directory with these files, each importing the value or the type `a` of others. */
async function withFiles<T>(
  imports: Array<[from: string, to: string, kind?: 'type']>,
  act: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'clarion-imports-'))
  const texts = new Map<string, string>()
  for (const [from, to, kind] of imports) {
    const up = '../'.repeat(from.split('/').length - 1)
    texts.set(from, `${texts.get(from) ?? ''}import ${kind === 'type' ? 'type ' : ''}{ a } from './${up}${to}'\n`)
    if (!texts.has(to)) texts.set(to, '')
  }
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), `${text}export const a = 1\n`)
  }
  return act(directory).finally(() => rmSync(directory, { recursive: true }))
}

it('the program keeps every rule', async () => {
  expect(await violations(root, RULES, PROGRAM)).toEqual([])
  expect(await violations(root, FOLDER_RULES, PROGRAM)).toEqual([])
})

it('every rule finds the imports that it forbids, and nothing else', async () => {
  const upwards = FLOORS.slice(1).map(([, to], below) => ({
    rule: `${FLOORS[below]![0]}-imports-nothing-above`,
    from: FLOORS[below]![1],
    to,
  }))
  const forbidden = [...upwards, ...FORBIDDEN.map(([rule, from, to]) => ({ rule, from, to }))]
  const imports = [...forbidden.map(({ from, to }): [string, string] => [from, to]), ...ALLOWED]
  const found = await withFiles(imports, directory => violations(directory, RULES, '**/*.ts'))
  expect(found.sort()).toEqual(forbidden.map(({ rule, from, to }) => `${rule}: ${from} → ${to}`).sort())
})

it('a circle of files is found, and one of types where no reason is given for it', async () => {
  const circle = (one: string, other: string, kind?: 'type') => {
    const imports: Array<[string, string, 'type'?]> = [
      [one, other],
      kind === undefined ? [other, one] : [other, one, kind],
    ]
    return withFiles(imports, directory => violations(directory, RULES, '**/*.ts'))
  }
  // Each circle is reported once, from its first file.
  const [model, settings] = ['src/model/a.ts → src/model/b.ts', 'src/settings/combinations.ts → src/settings/config.ts']
  expect(await circle('src/model/a.ts', 'src/model/b.ts')).toEqual([
    `no-circle-of-files: ${model}`,
    `no-unnamed-circle-of-types: ${model}`,
  ])
  expect(await circle('src/model/a.ts', 'src/model/b.ts', 'type')).toEqual([`no-unnamed-circle-of-types: ${model}`])
  expect(await circle('src/settings/config.ts', 'src/settings/combinations.ts')).toEqual([
    `no-circle-of-files: ${settings}`,
  ])
  expect(await circle('src/settings/config.ts', 'src/settings/combinations.ts', 'type')).toEqual([])
})

it('a circle of folders is found at any depth', async () => {
  const imports: Array<[string, string]> = [
    ['src/control-plane/webhooks/a.ts', 'src/control-plane/federation/a.ts'],
    ['src/control-plane/federation/b.ts', 'src/control-plane/webhooks/b.ts'],
  ]
  const found = await withFiles(imports, directory => violations(directory, FOLDER_RULES, '**/*.ts'))
  expect(found).toContain('no-circle-of-folders: src/control-plane/webhooks → src/control-plane/federation')
})
