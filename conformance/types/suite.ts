/** Payloads through the types that are generated for their schemas, and back, in each language. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Suite } from '../suite.ts'
import { differencesOf } from './differences.ts'
import { generatedCases } from './generated-cases.ts'
import { WORKSHOPS } from './languages.ts'
import { realCases } from './real-cases.ts'

const GENERATED = 200
const SEED = 1

export const suite: Suite = {
  title: 'payloads through generated types and back, in Go, Python and TypeScript',
  needs: [
    { tool: 'python3', why: 'run the generated Python' },
    { tool: 'go', why: 'compile and run the generated Go' },
  ],
  async run(log) {
    const seed = Number(process.env.CLARION_CONFORMANCE_SEED ?? SEED)
    const cases = [...generatedCases(GENERATED, seed), ...realCases()]
    log(
      `${cases.length} schemas with ${cases.reduce((sum, { payloads }) => sum + payloads.length, 0)} payloads, from seed ${seed}`,
    )
    const result = { passed: 0, failed: 0 }
    for (const workshop of WORKSHOPS) {
      const folder = mkdtempSync(join(tmpdir(), 'clarion-types-'))
      try {
        const differences = differencesOf(workshop.language, cases, await workshop.roundTrip(cases, folder))
        for (const each of differences) log(each.text)
        const failed = new Set(differences.map(({ title }) => title)).size
        result.failed += failed
        result.passed += cases.length - failed
      } catch (error) {
        result.failed += cases.length
        log(error instanceof Error ? error.message : String(error))
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
    return result
  },
}
