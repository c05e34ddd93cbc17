/** The codes as the kit for TypeScript names them: `node_modules/.bin/node test/sdks/codes-of-sdk.ts` writes the file. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CODES } from '../../src/model/codes.ts'

export const SDK_CODES = fileURLToPath(new URL('../../sdks/typescript/src/codes.ts', import.meta.url))

export function sdkCodes(): string {
  const codes = Object.keys(CODES).sort()
  return `/** Every code that the platform answers with, from its own table. Written by \`test/sdks/codes-of-sdk.ts\`. */
export const CLARION_CODES = [
${codes.map(code => `  '${code}',\n`).join('')}] as const
export type ClarionCode = (typeof CLARION_CODES)[number]
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SDK_CODES, sdkCodes())
