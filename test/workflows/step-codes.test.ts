/** The table of step codes against the code that uses them. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import { CODES } from '../../src/model/codes.ts'
import { STEP_CODES } from '../../src/workflows/step-codes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const textOf = (folder: string): string =>
  readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.endsWith('step-codes.ts'))
    .map(name => readFileSync(`${root}${folder}/${name}`, 'utf8'))
    .join('\n')
const sources = ['src/workflows', 'src/tables', 'src/sandbox', 'processors/run', 'processors/admit']
  .map(textOf)
  .join('\n')
const GIVEN = /(?:errorOf\(\w+, \w+, |loopError\(\w+, \w+, |TemplateError\(\s*|\bfailed\(|timeoutCode: )'([a-z_]+)'/g

it('every code that a step is given has a meaning', () => {
  const given = new Set([...sources.matchAll(GIVEN)].map(([, code]) => code!))
  expect(given.size).toBeGreaterThan(20)
  expect([...given].filter(code => !Object.hasOwn(STEP_CODES, code) && !Object.hasOwn(CODES, code))).toEqual([])
})

it('every code of the table is one that a step may have', () => {
  expect(Object.keys(STEP_CODES).filter(code => !sources.includes(`'${code}'`))).toEqual([])
})

it('meanings are sentences', () => {
  for (const { meaning } of Object.values(STEP_CODES)) expect(meaning).toMatch(/^[A-Z].*\.$/)
})
