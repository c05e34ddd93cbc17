import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { SDK_CODES, sdkCodes } from './codes-of-sdk.ts'

it('the kit for TypeScript names every code (else: node_modules/.bin/node test/sdks/codes-of-sdk.ts)', () => {
  expect(readFileSync(SDK_CODES, 'utf8')).toBe(sdkCodes())
})
