/** Signatures, judged by verifiers in other languages: their packages come from their own registries, at the versions pinned beside them. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Suite, SuiteResult } from '../suite.ts'
import { type Check, checkEd25519 } from './openssl.ts'
import { runTool } from './run-tool.ts'
import { createVectors, type Vector } from './vectors.ts'

const HERE = import.meta.dirname

export const suite: Suite = {
  title: 'signatures of the platform, by verifiers of Python, Go and OpenSSL',
  needs: [
    { tool: 'python3', why: 'run the Python package standardwebhooks (with venv and pip)' },
    { tool: 'go', why: 'run the Go module of Standard Webhooks' },
    { tool: 'openssl', why: 'verify Ed25519 signatures' },
  ],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-webhooks-'))
    try {
      const vectors = createVectors()
      const file = join(directory, 'vectors.json')
      writeFileSync(file, JSON.stringify(vectors))
      const results = [
        await report(log, 'Python', async () => compare(vectors, await judgeInPython(directory, file))),
        await report(log, 'Go', async () => compare(vectors, await judgeInGo(directory, file))),
        await report(log, 'OpenSSL', () => checkEd25519(directory)),
      ]
      return results.reduce((all, each) => ({ passed: all.passed + each.passed, failed: all.failed + each.failed }))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** A verifier that cannot be run fails by its name, and the others go on. */
async function report(log: (line: string) => void, name: string, check: () => Promise<Check[]>): Promise<SuiteResult> {
  const checks = await check().catch((error: Error) => [{ what: `could not be run: ${error.message}`, passed: false }])
  for (const { what, passed } of checks) log(`${passed ? 'ok    ' : 'FAILED'}  ${name}: ${what}`)
  const passed = checks.filter(each => each.passed).length
  return { passed, failed: checks.length - passed }
}

function compare(vectors: Vector[], verdicts: boolean[]): Check[] {
  return vectors.map(({ what, genuine }, index) => ({
    what: `${what} is ${genuine ? 'genuine' : 'refused'}`,
    passed: verdicts[index] === genuine,
  }))
}

async function judgeInPython(directory: string, file: string): Promise<boolean[]> {
  const venv = join(directory, 'venv')
  const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  await runTool('python3', ['-m', 'venv', venv])
  await runTool(python, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    join(HERE, 'python', 'requirements.txt'),
  ])
  return JSON.parse(await runTool(python, [join(HERE, 'python', 'verify.py'), file]))
}

async function judgeInGo(directory: string, file: string): Promise<boolean[]> {
  const module = join(directory, 'go')
  cpSync(join(HERE, 'go'), module, { recursive: true })
  return JSON.parse(await runTool('go', ['run', '.', file], { cwd: module }))
}
