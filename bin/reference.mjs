#!/usr/bin/env node
/** Writes the pages of docs/reference from what the code says: `node bin/reference.mjs`; with `--check` it only says which are stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { codesPage } from '../src/codes-page.ts'
import { eventsPage } from '../src/events-page.ts'

const pages = { codes: codesPage(), events: eventsPage() }
for (const [name, text] of Object.entries(pages)) {
  const page = new URL(`../docs/reference/${name}.md`, import.meta.url)
  if (!process.argv.includes('--check')) writeFileSync(page, text)
  else if (readFileSync(page, 'utf8') !== text) {
    console.error(`docs/reference/${name}.md is stale: run node bin/reference.mjs`)
    process.exitCode = 1
  }
}
