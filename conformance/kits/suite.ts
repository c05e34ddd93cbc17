/** Generators of others on the OpenAPI document, and the checkers of Python and Go on the kits. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toOpenApi30 } from '../../src/api/document/openapi-30.ts'
import { describedDocument } from '../../test/support/described-routes.ts'
import type { Suite, SuiteResult } from '../suite.ts'
import { runTool } from '../webhooks/run-tool.ts'

const HERE = import.meta.dirname
const SDKS = join(HERE, '..', '..', 'sdks')
const OAPI_CODEGEN = 'github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2'
const STATICCHECK = 'honnef.co/go/tools/cmd/staticcheck@v0.8.2'

export const suite: Suite = {
  title: 'the OpenAPI document by generators of others, and the kits by mypy, ruff, go vet and staticcheck',
  needs: [
    { tool: 'python3', why: 'run openapi-python-client, mypy and ruff (with venv and pip)' },
    { tool: 'go', why: 'run oapi-codegen, go vet and staticcheck' },
  ],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-kits-'))
    try {
      const [document, older] = [join(directory, 'openapi.json'), join(directory, 'openapi-3.0.json')]
      const described = describedDocument('0.1.0')
      writeFileSync(document, JSON.stringify(described))
      writeFileSync(older, JSON.stringify(toOpenApi30(described)))
      const python = join(directory, 'venv', 'bin')
      await runTool('python3', ['-m', 'venv', join(directory, 'venv')])
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
      await runTool(join(python, 'python'), [...pip, '-r', join(HERE, 'requirements.txt')])
      const environment = { ...process.env, PATH: `${python}:${process.env.PATH}` }
      const [kit, go] = [{ cwd: join(SDKS, 'python'), env: environment }, { cwd: join(SDKS, 'go') }]
      return await runAll(log, [
        [
          'openapi-python-client',
          () => pythonClient(join(python, 'openapi-python-client'), document, directory, environment),
        ],
        ['oapi-codegen, 3.1', () => goClient(document, directory)],
        ['oapi-codegen, 3.0', () => goClient(older, directory)],
        ['mypy --strict', () => runTool(join(python, 'mypy'), ['--strict', 'src'], kit)],
        ['ruff', () => runTool(join(python, 'ruff'), ['check', '.'], kit)],
        ['go vet', () => runTool('go', ['vet', './...'], go)],
        ['staticcheck', () => runTool('go', ['run', STATICCHECK, './...'], go)],
      ])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

type Check = [name: string, run: () => Promise<unknown>]

async function runAll(log: (line: string) => void, checks: Check[]): Promise<SuiteResult> {
  const results: SuiteResult = { passed: 0, failed: 0 }
  for (const [name, check] of checks) {
    const problem = await check().then(
      () => undefined,
      (error: Error) => error.message,
    )
    log(problem === undefined ? `ok      ${name}` : `FAILED  ${name}: ${problem}`)
    results[problem === undefined ? 'passed' : 'failed']++
  }
  return results
}

/** It leaves out what it cannot read, and only says so. */
async function pythonClient(
  program: string,
  document: string,
  directory: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const output = join(directory, 'python-client')
  const said = await runTool(program, ['generate', '--path', document, '--output-path', output, '--meta', 'none'], {
    env,
  })
  if (/will not be generated|Unable to process/.test(said)) throw new Error(said.slice(0, 600))
}

const goClient = (document: string, directory: string): Promise<string> =>
  runTool('go', [
    'run',
    OAPI_CODEGEN,
    '-generate',
    'types,client',
    '-package',
    'client',
    '-o',
    join(directory, 'client.go'),
    document,
  ])
