/**
 * Queues by clients of SQS in other languages, each as its users write it: boto3, client and resource, and the AWS SDK for
 * Java. A program prints a line for each case; `test/platform/sqs` has the cases of the SDK for JavaScript.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningPlatform, startPlatform } from '../kafka/platform.ts'
import type { Suite, SuiteResult } from '../suite.ts'
import { runTool } from '../webhooks/run-tool.ts'

const HERE = import.meta.dirname
/** A program that dies after its first cases has not passed. */
const CASES = { boto3: 14, java: 7 }

export const suite: Suite = {
  title: 'queues by boto3 and the AWS SDK for Java',
  needs: [
    { tool: 'python3', why: 'run boto3 (with venv and pip)' },
    { tool: 'mvn', why: 'build and run the program with the AWS SDK for Java' },
  ],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-sqs-'))
    const platform = await startPlatform(join(directory, 'data'))
    try {
      const boto3 = await counted(log, CASES.boto3, async () => runBoto3(directory, await envOf(platform)))
      const java = await counted(log, CASES.java, async () => runJava(directory, await envOf(platform)))
      return { passed: boto3.passed + java.passed, failed: boto3.failed + java.failed }
    } finally {
      await platform.end()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

async function counted(log: (line: string) => void, cases: number, run: () => Promise<string>): Promise<SuiteResult> {
  const output = await run().catch((error: Error) => error.message)
  const lines = output.split('\n').filter(line => /^(?:ok|FAILED) /.test(line))
  for (const line of lines) log(line)
  const passed = lines.filter(line => line.startsWith('ok')).length
  if (lines.length !== cases) log(`FAILED ${lines.length} of ${cases} cases ran: ${output.slice(-500)}`)
  return { passed, failed: Math.max(lines.length, cases) - passed }
}

/** A queue and an ordered one, and the credentials of their organization's key. */
async function envOf(platform: RunningPlatform): Promise<Record<string, string>> {
  const { apiKey } = await platform.organization()
  const call = async <T>(method: string, path: string, body?: object) =>
    (await platform.call<T>(apiKey, method, path, body)).data
  const { key } = await call<{ key: { id: string } }>('GET', '/api/v1/whoami')
  const dead = await call<{ id: string }>('POST', '/api/v1/queues', { name: 'dead', selectors: ['never.happens'] })
  const settings = { deadLetterQueueId: dead.id, maxReceives: 2 }
  for (const [name, ordered] of [
    ['jobs', false],
    ['jobs.fifo', true],
  ] as const) {
    const selectors = [`platformxe.generic#${ordered ? 'fifo' : 'jobs'}`]
    await call('POST', '/api/v1/queues', { name, ordered, selectors, ...settings })
  }
  const credentials = await call<Record<'accessKeyId' | 'secretAccessKey' | 'region' | 'endpoint', string>>(
    'POST',
    `/api/v1/keys/${key.id}/aws-credentials`,
  )
  return {
    ...{ CLARION_BASE: platform.base, CLARION_KEY: apiKey, SQS_ENDPOINT: credentials.endpoint },
    ...{ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
    ...{ AWS_REGION: credentials.region, AWS_DEFAULT_REGION: credentials.region, AWS_EC2_METADATA_DISABLED: 'true' },
  }
}

async function runBoto3(directory: string, env: Record<string, string>): Promise<string> {
  const venv = join(directory, 'venv')
  const program = join(venv, 'bin', 'python')
  await runTool('python3', ['-m', 'venv', venv])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  await runTool(program, [...pip, '-r', join(HERE, 'python', 'requirements.txt')])
  return runTool(program, [join(HERE, 'python', 'client.py')], { env: { ...process.env, ...env } })
}

function runJava(directory: string, env: Record<string, string>): Promise<string> {
  const words = ['-q', '-f', join(HERE, 'java'), `-DbuildDirectory=${join(directory, 'java')}`, 'compile', 'exec:java']
  return runTool('mvn', words, { env: { ...process.env, ...env } })
}
