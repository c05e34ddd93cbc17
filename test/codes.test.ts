import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import { codesPage } from '../bin/codes-page.ts'
import { CODES } from '../src/model/codes.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

it('the reference page of the codes agrees with the table (else: node bin/reference.mjs)', () => {
  expect(readFileSync(`${root}docs/reference/codes.md`, 'utf8')).toBe(codesPage())
})

it('every code of the table is used, and every code that a ClarionError is made with is in the table', () => {
  const sources = ['src', 'processors'].flatMap(folder =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && file !== 'codes.ts')
      .map(file => readFileSync(`${root}${folder}/${file}`, 'utf8')),
  )
  const text = sources.join('\n')
  const made = [...text.matchAll(/new ClarionError\(\s*'(\w+)'/g)].map(([, code]) => code!)
  expect(made.filter(code => !Object.hasOwn(CODES, code))).toEqual([])
  const unused = Object.keys(CODES).filter(code => !text.includes(`'${code}'`) && !text.includes(`.${code}`))
  expect(unused).toEqual([])
})
