/** What the built console costs a browser: facts of the build. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { builtConsole } from './built.ts'

const KB = 1_000
const FIRST_SCRIPTS_MAX = 180 * KB
const SCREEN_MAX = 60 * KB
/** Of JSON: loaded by the pages that write some. */
const EDITOR_MAX = 135 * KB
const WHOLE_MAX = 700 * KB

let dist: string
let page: string
/** Of the build's own files; the folder keeps those of earlier builds for a day. */
let reachable: Map<string, string>

beforeAll(async () => {
  dist = await builtConsole()
  page = readFileSync(join(dist, 'index.html'), 'utf8')
  reachable = new Map()
  const look = (text: string) => {
    for (const [name] of text.matchAll(/[\w-]+-[\w-]{8}\.(?:js|css)/g)) {
      if (reachable.has(name) || !readdirSync(join(dist, 'assets')).includes(name)) continue
      reachable.set(name, readFileSync(join(dist, 'assets', name), 'utf8'))
      look(reachable.get(name)!)
    }
  }
  look(page)
}, patient(240_000))

const sizeOf = (name: string) => gzipSync(reachable.get(name)!).length

/** The script and what it imports before it runs; parts that it loads later are texts in it. */
function importedBy(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found
  found.add(name)
  for (const [, next] of reachable.get(name)!.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g))
    importedBy(next!, found)
  return found
}

const scriptOfPage = () => /assets\/([\w.-]+\.js)/.exec(page)![1]!
const total = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + sizeOf(name), 0)

it('the first screen needs at most 180 KB of scripts, compressed', () => {
  expect(total(importedBy(scriptOfPage()))).toBeLessThanOrEqual(FIRST_SCRIPTS_MAX)
})

it('any further screen needs at most 60 KB more, and the editor 135 KB', () => {
  const first = importedBy(scriptOfPage())
  const screens = [...reachable.keys()].filter(name => name.endsWith('.js') && !first.has(name))
  expect(screens.length).toBeGreaterThan(15)
  for (const name of screens) {
    const more = [...importedBy(name)].filter(each => !first.has(each))
    const most = name.startsWith('json-editor') ? EDITOR_MAX : SCREEN_MAX
    expect([name, total(more) <= most]).toEqual([name, true])
  }
})

it('all of it is at most 700 KB, and every file has a compressed copy', () => {
  expect(total(reachable.keys())).toBeLessThanOrEqual(WHOLE_MAX)
  const names = new Set(readdirSync(join(dist, 'assets')))
  for (const [name, text] of reachable)
    if (text.length >= KB) expect([name, names.has(`${name}.br`), names.has(`${name}.gz`)]).toEqual([name, true, true])
})

it('the page has no script of its own, and names nothing of another origin', () => {
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/)
  expect(page).not.toMatch(/(?:src|href)="https?:/)
})
