/** The kit as it is published: built by `tsc`, used by programs that know nothing of TypeScript or of this repository. */
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))
const sources = join(root, 'sdks', 'typescript')
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const directory = mkdtempSync(join(tmpdir(), 'clarion-sdk-'))
const installed = join(directory, 'node_modules', '@clarion', 'sdk')

const execute = promisify(execFile)
const node = (...args: string[]) =>
  execute(process.execPath, args, { cwd: directory, env: { PATH: process.env.PATH, HOME: directory } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )
/** As a Node without type stripping would run it. */
const plain = (...args: string[]) =>
  node('--no-experimental-strip-types', '--disable-warning=ExperimentalWarning', ...args)

beforeAll(async () => {
  mkdirSync(installed, { recursive: true })
  const built = await node(tsc, '-p', join(sources, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))
  expect(built).toEqual({ code: 0, stdout: '', stderr: '' })
  copyFileSync(join(sources, 'package.json'), join(installed, 'package.json'))
}, 120_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('the built package', () => {
  it('verifies a signature in a plain program, and has no dependency', async () => {
    const program = `
      import { createHmac } from 'node:crypto'
      import { createClient, verifyWebhookSignature } from '@clarion/sdk'
      import * as webhooks from '@clarion/sdk/webhooks'
      const signature = createHmac('sha256', 'my secret').update('{}').digest('hex')
      console.log(verifyWebhookSignature('{}', signature, 'my secret'), verifyWebhookSignature('[]', signature, 'my secret'))
      console.log(webhooks.verifyWebhookSignature === verifyWebhookSignature, typeof createClient)
    `
    writeFileSync(join(directory, 'program.mjs'), program)
    expect(await plain('program.mjs')).toEqual({ code: 0, stdout: 'true false\ntrue function\n', stderr: '' })
    expect(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).dependencies).toBeUndefined()
  })

  it('has a command that runs, and says how to get kafkajs when a command needs it', async () => {
    const bin = join(installed, JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).bin.clarion)
    expect(await plain(bin, '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('usage: clarion COMMAND'),
    })
    const topics = { emits: 'emits.x', events: 'events.x' }
    writeFileSync(
      join(directory, 'kafka.json'),
      JSON.stringify({ username: 'u', password: 'p', bootstrapServers: '127.0.0.1:1', topics }),
    )
    const producing = await plain(bin, 'produce', 'a.b', '--data', '{}', '--kafka', 'kafka.json')
    expect(producing).toMatchObject({
      code: 2,
      stderr: 'clarion: kafkajs is not installed\nnext: npm install kafkajs\n',
    })
  })

  it('has types: a parsed body does not compile, codes are known', async () => {
    const consumer = `
      import { ClarionApiError, createClient, verifyWebhookSignature } from '@clarion/sdk'
      export const genuine: boolean = verifyWebhookSignature(Buffer.from('{}'), new Headers(), ['a', 'b'], { profile: 'event' })
      // @ts-expect-error not what was signed
      verifyWebhookSignature({ type: 'order.created' }, 'x', 'secret')
      export async function emit(): Promise<number | undefined> {
        const client = createClient({ baseUrl: 'http://127.0.0.1:8080', apiKey: 'ck_live_x' })
        try {
          return (await client.events.custom.emit({ name: 'a.b', payload: {} })).sequence
        } catch (error) {
          if (error instanceof ClarionApiError && error.code === 'payload_invalid') return error.details.length
          throw error
        }
      }
    `
    writeFileSync(join(directory, 'consumer.mts'), consumer)
    const typeRoots = join(root, 'node_modules', '@types')
    const strict = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
      '--typeRoots',
      typeRoots,
    ]
    expect(await node(tsc, ...strict, 'consumer.mts')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('has a README whose programs compile under --strict', async () => {
    symlinkSync(join(root, 'node_modules', '@types'), join(directory, 'node_modules', '@types'))
    symlinkSync(join(root, 'node_modules', 'kafkajs'), join(directory, 'node_modules', 'kafkajs'))
    const blocks = [...readFileSync(join(sources, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)]
    expect(blocks.length).toBeGreaterThanOrEqual(2)
    const files = blocks.map(([, program], at) => {
      writeFileSync(join(directory, `readme-${at}.mts`), program!)
      return `readme-${at}.mts`
    })
    const strict = [
      '--strict',
      '--noEmit',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
    ]
    expect(await node(tsc, ...strict, ...files)).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('has its types under moduleResolution node10, and its licence, examples and source maps in the tarball', () => {
    const facts = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    expect(facts.files).toEqual(['dist', 'examples', 'README.md', 'LICENSE'])
    for (const name of [facts.types, ...Object.values(facts.typesVersions['*'] as Record<string, string[]>).flat()])
      expect(existsSync(join(installed, name))).toBe(true)
    expect(existsSync(join(installed, 'dist', 'index.js.map'))).toBe(true)
    expect(existsSync(join(sources, 'LICENSE'))).toBe(true)
  })
})
