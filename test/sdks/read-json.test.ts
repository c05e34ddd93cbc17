import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

it('the kit reads JSON as the platform does (else: cp src/json/read-json.ts sdks/typescript/src/)', () => {
  expect(read('../../sdks/typescript/src/read-json.ts')).toBe(read('../../src/json/read-json.ts'))
})
