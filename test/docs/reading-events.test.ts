/** The programs of docs/reading-events.md that read a stream, run as they are written there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { EventSource } from 'eventsource'
import { WebSocket } from 'ws'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { root } from './blocks.ts'

const page = readFileSync(`${root}docs/reading-events.md`, 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'clarion-reading-'))
const children = new Set<ChildProcess>()
const SDK = `${root}sdks/typescript/src/index.ts`
let platform: TestPlatform
let organization: TestOrganization

beforeAll(async () => {
  platform = await sharedPlatform()
  organization = await platform.organization()
}, 120_000)
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

/** The block of this language that contains the text. */
function block(language: string, containing: string): string {
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
  const found = blocks.find(([, name, text]) => name === language && text!.includes(containing))
  if (found === undefined) throw new Error(`docs/reading-events.md has no ${language} with ${containing}`)
  // The examples select what no test emits.
  return found[2]!.replaceAll('northwind.*', '*').replaceAll('http://127.0.0.1:8080', platform.base)
}

/** Resolves with what the program has written once it contains the text. */
function output(program: string, words: string[], wanted: string): Promise<string> {
  const env = { ...process.env, CLARION_URL: platform.base, CLARION_API_KEY: organization.apiKey }
  const child = spawn(program, words, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let text = ''
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      text += chunk
      if (text.includes(wanted)) resolve(text)
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
    child.on('exit', code => reject(new Error(`it ended with ${code}: ${text}`)))
  })
}

/** Until the program has started to listen nobody knows: an event is emitted until one is seen. */
async function emitUntil<T>(seen: Promise<T>): Promise<T> {
  let isSeen = false
  const done = seen.finally(() => {
    isSeen = true
  })
  done.catch(() => undefined)
  for (let tries = 0; !isSeen && tries < patient(500); tries++) {
    const body = { name: 'platformxe.generic', payload: { kind: 'k', data: {} } }
    await organization.call('POST', '/api/v1/events/custom/emit', body)
    await new Promise(resolve => setImmediate(resolve))
  }
  return done
}

it('curl shows frames', async () => {
  const line = block('sh', 'curl -N').replace('ck_live_…', organization.apiKey)
  expect(await emitUntil(output('bash', ['-c', `exec ${line}`], 'event: platformxe.generic'))).toContain('event: ready')
}, 30_000)

it('the program for Node handles events, and keeps its place', async () => {
  const code = block('ts', 'filePlace').replace("'@clarion/sdk'", JSON.stringify(SDK))
  const file = join(directory, 'read.ts')
  writeFileSync(file, `const handle = async (event: object) => console.log(JSON.stringify(event))\n${code}`)
  const flags = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
  const text = await emitUntil(output(process.execPath, [...flags, file], '"sequence":'))
  expect(text).toContain('"type":"platformxe.generic"')
  expect(readFileSync(join(directory, 'place.txt'), 'utf8')).toMatch(/^[\w-]+\n$/)
}, 30_000)

const hasRequests = spawnSync('python3', ['-c', 'import requests']).status === 0
const inPython = hasRequests ? it : it.skip
inPython(
  'the program for Python shows numbers and cursors',
  async () => {
    const text = await emitUntil(output('python3', ['-c', block('python', 'iter_lines')], '\n'))
    expect(text).toMatch(/^\d+ [\w-]+$/m)
  },
  30_000,
)

it('the page of a browser shows events, by a token of its server', async () => {
  const type = 'northwind.order.paid'
  const made = await organization.call<{ token: string }>('POST', '/api/v1/events/stream-tokens', { types: '*' })
  const code = block('js', 'new EventSource')
    .replace('https://events.example.com', platform.base)
    .replace(type, 'platformxe.generic')
  const shown = await emitUntil(
    new Promise<{ type: string }>(show => {
      const run = new Function('EventSource', 'token', 'show', `${code}\nreturn source`)
      const source = run(EventSource, made.data.token, (event: { type: string }) => {
        source.close()
        show(event)
      })
    }),
  )
  expect(shown.type).toBe('platformxe.generic')
}, 30_000)

it('the WebSocket of a page shows and acknowledges events', async () => {
  const made = await organization.call<{ token: string }>('POST', '/api/v1/events/stream-tokens', { types: '*' })
  const code = block('js', 'new WebSocket')
    .replace('wss://events.example.com', platform.base.replace('http', 'ws'))
    .replace('token=…', `token=${made.data.token}`)
  let count = 0
  await emitUntil(
    new Promise<void>(done => {
      const run = new Function('WebSocket', 'show', `${code}\nreturn socket`)
      const socket = run(WebSocket, () => {
        if (++count < 3) return
        socket.close()
        done()
      })
    }),
  )
  expect(count).toBe(3)
}, 30_000)
