#!/usr/bin/env node
/**
 * Writes the files that are generated from the code's own tables: the pages of docs/reference, the codes of the SDK, and
 * the flat parts of the kits. `node bin/reference.mjs`; with `--check` it only reports stale ones. It imports TypeScript, so an older Node
 * restarts it on Node 24.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nodeProgram } from './install.mjs'

const root = new URL('..', import.meta.url)

if (Number.parseInt(process.versions.node, 10) < 24) {
  const again = spawnSync(nodeProgram(fileURLToPath(root)), process.argv.slice(1), { stdio: 'inherit' })
  process.exit(again.status ?? 1)
}

const { codesPage } = await import('./codes-page.ts')
const { eventsPage } = await import('./events-page.ts')
const { SDK_CODES, sdkCodes } = await import('../test/sdks/codes-of-sdk.ts')
const { kitFiles } = await import('../sdks/generate/kits.ts')
const { describedDocument } = await import('../test/support/described-routes.ts')
const pages = {
  'docs/reference/codes.md': codesPage(),
  'docs/reference/events.md': eventsPage(),
  [SDK_CODES.slice(fileURLToPath(root).length)]: sdkCodes(),
  ...kitFiles(describedDocument('0.1.0')),
}
for (const [name, text] of Object.entries(pages)) {
  const page = new URL(name, root)
  if (!process.argv.includes('--check')) writeFileSync(page, text)
  else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
    console.error(`${name} is stale: run node bin/reference.mjs`)
    process.exitCode = 1
  }
}
