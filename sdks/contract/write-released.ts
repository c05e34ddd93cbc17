/** At a release: writes down what the document promises from then on. `node sdks/contract/write-released.ts FILE`, with the document in FILE. */
import { readFileSync, writeFileSync } from 'node:fs'
import { promisesOf } from './promises.ts'

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node sdks/contract/write-released.ts <openapi.json>')
const facts = promisesOf(JSON.parse(readFileSync(file, 'utf8')))
writeFileSync(new URL('released-promises.txt', import.meta.url), `${facts.join('\n')}\n`)
