/** The generated types at work: one program for each language reads every payload into its type and writes it again. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateTypes } from '../../src/registry/types/generate-types.ts'
import type { Language } from '../../src/registry/types/languages.ts'
import { sourceOf } from '../../test/registry/types/schemas.ts'
import type { TypesCase } from './case.ts'
import { GO_MAIN } from './go-program.ts'
import { PYTHON_MAIN } from './python-program.ts'
import { typescriptProgram } from './typescript-program.ts'

export interface Workshop {
  language: Language
  /** Programs that must be there. */
  tools: string[]
  /** Compiles the types of all cases, and says for each payload of each case what it became, or why it could not be read. */
  roundTrip(cases: readonly TypesCase[], folder: string): Promise<Outcome[][]>
}

export type Outcome = { written: string } | { refused: string }

const RUN_MS = 300_000
const OUTPUT_BYTES_MAX = 16_000_000

const TSC = join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'tsc')

/** The name of a case's type; each is an event of its own. */
export const typeNameOf = (index: number): string => `CaseS${index}`
const codeOf = ({ schema }: TypesCase, index: number, language: Language): string =>
  generateTypes(sourceOf(`case.s${index}`, schema), language)

const go: Workshop = {
  language: 'go',
  tools: ['go'],
  /** All events in one package, as a program would have them. */
  async roundTrip(cases, folder) {
    const files = cases.map((each, index) => [`events/s${index}.go`, codeOf(each, index, 'go')] as const)
    const readers = cases.map((_, index) => `\tthrough[events.${typeNameOf(index)}],\n`).join('')
    await writeAll(folder, [
      ...files,
      ['go.mod', 'module roundtrip\n\ngo 1.21\n'],
      ['main.go', GO_MAIN.replace('READERS', readers)],
    ])
    const environment = { GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off' }
    await run('go', ['vet', './...'], folder, environment)
    return exchange(cases, folder, (...paths) => run('go', ['run', '.', ...paths], folder, environment))
  },
}

const python: Workshop = {
  language: 'python',
  tools: ['python3'],
  async roundTrip(cases, folder) {
    const files = cases.map((each, index) => [`s${index}.py`, codeOf(each, index, 'python')] as const)
    await writeAll(folder, [...files, ['main.py', PYTHON_MAIN]])
    return exchange(cases, folder, (...paths) => run('python3', ['-B', '-W', 'error', 'main.py', ...paths], folder))
  },
}

const typescript: Workshop = {
  language: 'typescript',
  tools: [],
  /** A payload is a literal of the type, so that the compiler holds one against the other. */
  async roundTrip(cases, folder) {
    const files = cases.map((each, index) => [`s${index}.ts`, codeOf(each, index, 'typescript')] as const)
    await writeAll(folder, [...files, ['main.ts', typescriptProgram(cases)]])
    await run(TSC, ['--noEmit', '--ignoreConfig', ...COMPILER_OPTIONS, 'main.ts'], folder)
    return exchange(cases, folder, (...paths) =>
      run(process.execPath, ['--disable-warning=ExperimentalWarning', 'main.ts', ...paths], folder),
    )
  },
}

const COMPILER_OPTIONS = [
  '--strict',
  '--target',
  'esnext',
  '--module',
  'nodenext',
  '--allowImportingTsExtensions',
  '--types',
  '',
]

export const WORKSHOPS: readonly Workshop[] = [go, python, typescript]

/** Payloads go to the program a line each, after the number of their case; what they become comes back in the same order. */
async function exchange(
  cases: readonly TypesCase[],
  folder: string,
  program: (from: string, to: string) => Promise<void>,
) {
  const [from, to] = [join(folder, 'payloads'), join(folder, 'outcomes')]
  const lines = cases.flatMap(({ payloads }, index) => payloads.map(payload => `${index} ${payload}\n`))
  await writeFile(from, lines.join(''))
  await program(from, to)
  const outcomes = (await readFile(to, 'utf8')).split('\n').map(outcomeOf)
  return cases.map(({ payloads }) => outcomes.splice(0, payloads.length))
}

const outcomeOf = (line: string): Outcome =>
  line.startsWith('=') ? { written: line.slice(1) } : { refused: line.slice(1) || 'no answer' }

async function writeAll(folder: string, files: ReadonlyArray<readonly [name: string, text: string]>): Promise<void> {
  await mkdir(join(folder, 'events'), { recursive: true })
  await Promise.all(files.map(([name, text]) => writeFile(join(folder, name), text)))
}

/** Throws with what the program said. */
async function run(
  program: string,
  args: string[],
  folder: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const options = { cwd: folder, timeout: RUN_MS, maxBuffer: OUTPUT_BYTES_MAX, env: { ...process.env, ...environment } }
  await promisify(execFile)(program, args, options).catch(error => {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string }
    throw new Error(`${program} ${args[0]}: ${(stderr.trim() || stdout.trim() || message).slice(0, 4_000)}`)
  })
}
