/** Files that an operator applies: manifests by the API schemas of Kubernetes, `docker-compose.yml` by the oldest docker-compose that is supported. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Suite, SuiteResult } from '../suite.ts'
import { runTool } from '../webhooks/run-tool.ts'

const HERE = import.meta.dirname
const ROOT = join(HERE, '..', '..')
const SETTINGS = { KAFKA_PASSWORD: 'a', CLICKHOUSE_PASSWORD: 'b', CLARION_ADMIN_KEY: 'c', CLARION_SECRET_KEY: 'd' }

export const suite: Suite = {
  title: 'the files for Kubernetes and docker-compose',
  needs: [
    {
      tool: 'python3',
      why: 'hold the manifests against the API schemas (package kubernetes-validate, with venv and pip)',
    },
    { tool: 'docker-compose', why: 'read docker-compose.yml' },
  ],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-deploy-'))
    try {
      const python = join(directory, 'bin', 'python')
      await runTool('python3', ['-m', 'venv', directory])
      await runTool(python, [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '-r',
        join(HERE, 'requirements.txt'),
      ])
      const validate = (file: string) => runTool(join(directory, 'bin', 'kubernetes-validate'), ['--strict', file])
      const manifests = readdirSync(join(ROOT, 'deploy', 'kubernetes')).filter(name => name.endsWith('.yaml'))
      const checks: Array<[string, () => Promise<unknown>]> = [
        ...manifests.map((name): [string, () => Promise<unknown>] => [
          name,
          () => validate(join(ROOT, 'deploy', 'kubernetes', name)),
        ]),
        [
          'docker-compose.yml',
          () => runTool('docker-compose', ['config', '--quiet'], { cwd: ROOT, env: { ...process.env, ...SETTINGS } }),
        ],
      ]
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
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}
