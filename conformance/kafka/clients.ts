/** Clients of others: how each is brought here and run. All are given the credential and answer with checks. */
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fetchKafkaProgram } from '../../src/embedded/kafka-jars.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { runTool } from '../webhooks/run-tool.ts'
import { CODECS } from './codecs.ts'
import { checkKcat } from './kcat.ts'
import type { Credential } from './platform.ts'
import type { Check } from './suite.ts'

export interface Client {
  name: string
  /** `foreign`: a neighbour's topic. */
  run(credential: Credential, foreign: string): Promise<Check[]>
}

const HERE = import.meta.dirname
const COUNT = 40

export function clientsOf(directory: string): Client[] {
  const given = (name: string, credential: Credential, foreign: string): string => {
    const { topics, ...rest } = credential
    const file = join(directory, `${name}.json`)
    writeFileSync(file, JSON.stringify({ ...rest, ...topics, foreign, codecs: CODECS, count: COUNT }))
    return file
  }
  return [
    { name: 'Java (kafka-clients)', run: (credential, foreign) => runJava(directory, credential, foreign) },
    {
      name: 'Python (confluent-kafka)',
      async run(credential, foreign) {
        const python = await pythonWithClient(directory)
        return JSON.parse(
          await runTool(python, [join(HERE, 'python', 'client.py'), given('python', credential, foreign)]),
        )
      },
    },
    {
      name: 'Go (franz-go)',
      async run(credential, foreign) {
        const module = join(directory, 'go')
        cpSync(join(HERE, 'go'), module, { recursive: true })
        return JSON.parse(await runTool('go', ['run', '.', given('go', credential, foreign)], { cwd: module }))
      },
    },
    {
      name: 'kcat',
      async run(credential, foreign) {
        await pythonWithClient(directory)
        return checkKcat(credential, foreign, directory, librdkafkaIn(venvIn(directory)))
      },
    },
  ]
}

const venvIn = (directory: string): string => join(directory, 'venv')

/** A Python that has the package, made once. */
async function pythonWithClient(directory: string): Promise<string> {
  const venv = venvIn(directory)
  const python = join(venv, 'bin', 'python')
  if (existsSync(python)) return python
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
  return python
}

/** The librdkafka that the package brings. */
function librdkafkaIn(venv: string): string {
  const found = readdirSync(venv, { recursive: true, encoding: 'utf8' }).find(path =>
    /librdkafka[^/]*\.so[^/]*$/.test(path),
  )
  if (found === undefined) throw new Error('the Python package brings no librdkafka')
  return join(venv, found)
}

/** The properties are written down as they were given out. */
async function runJava(directory: string, credential: Credential, foreign: string): Promise<Check[]> {
  const { classpath } = await fetchKafkaProgram({
    cacheDir: cacheDirectory(),
    logger: { info: () => undefined, warn: () => undefined },
  })
  const { topics, groupPrefix, transactionalIdPrefix, clientProperties } = credential
  const client = join(directory, 'client.properties')
  const test = join(directory, 'test.properties')
  writeFileSync(client, properties(clientProperties))
  writeFileSync(
    test,
    properties({
      ...topics,
      foreign,
      groupPrefix,
      transactionalIdPrefix,
      codecs: CODECS.join(','),
      count: String(COUNT),
    }),
  )
  const jars = classpath.split(':').filter(jar => !/log4j|slf4j-reload/.test(jar))
  const checks: Check[] = []
  for (const program of ['Client.java', 'ShareClient.java']) {
    const words = ['-cp', jars.join(delimiter), join(HERE, 'java', program), client, test]
    const printed = await runTool('java', words)
    checks.push(...JSON.parse(printed.slice(printed.lastIndexOf('[{'))))
  }
  return checks
}

const properties = (entries: Record<string, string>): string => Object.entries(entries).map(([name, value]) => `${name}=${value}\n`).join('') // biome-ignore format: one thought
