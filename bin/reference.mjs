#!/usr/bin/env node
/** Writes docs/reference/codes.md from the one table of codes: `node bin/reference.mjs`; with `--check` it only says whether the page is stale. */
import { readFileSync, writeFileSync } from 'node:fs'
import { codesPage } from '../src/codes-page.ts'

const page = new URL('../docs/reference/codes.md', import.meta.url)
if (process.argv.includes('--check')) {
  if (readFileSync(page, 'utf8') !== codesPage()) {
    console.error('docs/reference/codes.md is stale: run node bin/reference.mjs')
    process.exitCode = 1
  }
} else {
  writeFileSync(page, codesPage())
}
