/** Types generated for Python and Go, judged by Python and Go themselves (those for TypeScript are by the tests). */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateTypes } from '../../src/registry/types/generate-types.ts'
import type { Language } from '../../src/registry/types/languages.ts'
import { SCHEMAS, sourceOf } from '../../test/registry/types/schemas.ts'
import type { Suite } from '../suite.ts'

/** Loading the module and reading a payload with it; for Go, the compiler's own reading of a package. */
const JUDGES: Array<{ language: Language; file: string; command: string; args(file: string): string[] }> = [
  { language: 'python', file: 'types.py', command: 'python3', args: file => ['-I', '-B', file] },
  { language: 'go', file: 'types.go', command: 'go', args: file => ['vet', file] },
]

export const suite: Suite = {
  title: 'types generated from payload schemas, read by Python and Go',
  needs: [
    { tool: 'python3', why: 'run the generated Python' },
    { tool: 'go', why: 'compile the generated Go' },
  ],
  async run(log) {
    const folder = mkdtempSync(join(tmpdir(), 'clarion-types-'))
    const result = { passed: 0, failed: 0 }
    try {
      for (const { language, file, command, args } of JUDGES) {
        for (const [name, schema] of Object.entries(SCHEMAS)) {
          const path = join(folder, file)
          writeFileSync(path, await generateTypes(sourceOf('order.placed', schema), language))
          const { status, stderr } = spawnSync(command, args(path), { cwd: folder, encoding: 'utf8', timeout: 120_000 })
          result[status === 0 ? 'passed' : 'failed']++
          if (status !== 0) log(`${language} ${name}: ${stderr.trim().slice(0, 2_000)}`)
        }
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
    return result
  },
}
