/** The console as a browser gets it: page, assets, policy, and the time until there is a build. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { createBuildFiles } from '../../src/api/console/build-files.ts'
import { POLICY } from '../../src/api/console/policy.ts'
import { serveConsole } from '../../src/api/console/serve-console.ts'
import { rawRequest } from './raw-request.ts'

const SCRIPT = 'console.log(1)'
let dist: string
let server: Server
let base: string
let nowMs: number
let answered: Array<[string, number]>

beforeEach(async () => {
  dist = mkdtempSync(join(tmpdir(), 'console-'))
  nowMs = 0
  answered = []
  const clock = { monotonicMs: () => nowMs } as Parameters<typeof createBuildFiles>[0]['clock']
  server = createServer(
    serveConsole({
      state: createBuildFiles({ directory: dist, clock }),
      onAnswer: (route, status) => answered.push([route, status]),
      nowMs: () => nowMs,
      api: (_, response) => response.writeHead(418).end('the api'),
    }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  rmSync(dist, { recursive: true, force: true })
})

/** `mark`: names the build. */
function build(mark: string, page = '<!doctype html>', at = 1_000) {
  const assets = join(dist, 'assets')
  mkdirSync(assets, { recursive: true })
  for (const [name, text] of [
    ['main-abc.js', SCRIPT],
    ['main-abc.js.br', 'brotli'],
    ['main-abc.js.gz', 'gzip'],
    ['notes.txt', 'not for the web'],
  ] as const)
    writeFileSync(join(assets, name), text)
  writeFileSync(join(dist, 'index.html'), page)
  writeFileSync(join(dist, 'built-from'), mark)
  utimesSync(join(dist, 'built-from'), at, at)
}

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  rawRequest(base + path, { method, headers })

it('answers the page for every address of the console, with its policy and a tag', async () => {
  build('one')
  for (const path of ['/console', '/console/', '/console/webhooks/wh_1?delivery=dlv_1']) {
    const answer = await get(path)
    expect([answer.status, answer.text]).toEqual([200, '<!doctype html>'])
    expect(answer.headers).toMatchObject({
      'content-security-policy': POLICY,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      etag: '"one"',
    })
    expect(answer.headers['strict-transport-security']).toBeUndefined()
  }
  expect((await get('/console', { 'if-none-match': '"one"' })).status).toBe(304)
  expect((await get('/console', { 'x-forwarded-proto': 'https' })).headers['strict-transport-security']).toBeDefined()
  expect(answered).toContainEqual(['GET /console', 200])
})

it('allows no script but its own files, no style attribute and no frame', () => {
  expect(POLICY).toContain("script-src 'self';")
  expect(POLICY).toContain("require-trusted-types-for 'script'")
  expect(POLICY).toContain("frame-ancestors 'none'")
  expect(POLICY).not.toMatch(/unsafe|\*/)
})

it('sends assets in the coding that the browser takes, for ever', async () => {
  build('one')
  const path = '/console/assets/main-abc.js'
  const cases: Array<[string, string | undefined, string]> = [
    ['gzip, deflate, br', 'br', 'brotli'],
    ['gzip', 'gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip', 'gzip'],
    ['identity', undefined, SCRIPT],
  ]
  for (const [accepted, coding, text] of cases) {
    const answer = await get(path, { 'accept-encoding': accepted })
    expect([answer.headers['content-encoding'], answer.text]).toEqual([coding, text])
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'accept-encoding',
    })
  }
  const head = await get(path, {}, 'HEAD')
  expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(SCRIPT.length)])
})

it('knows assets by name alone: an unknown one, or a path out of the folder, is 404 and never the page', async () => {
  build('one')
  for (const name of ['gone-123.js', '../built-from', '..%2fbuilt-from', 'notes.txt', '', 'main-abc.js.br'])
    expect([name, (await get(`/console/assets/${name}`)).status]).toEqual([name, 404])
})

it('shows a page that reloads itself until there is a build, and then why there is none', async () => {
  const waiting = await get('/console')
  expect(waiting.status).toBe(503)
  expect(waiting.headers['retry-after']).toBe('2')
  expect(waiting.text).toContain('http-equiv="refresh"')
  writeFileSync(join(dist, 'failed'), 'no <network>')
  nowMs += 2_000
  expect((await get('/console')).text).toContain('no &lt;network&gt;')
  build('one')
  nowMs += 2_000
  expect((await get('/console')).status).toBe(200)
})

it('takes a later build without a restart, and keeps assets of the one before', async () => {
  build('one')
  await get('/console')
  writeFileSync(join(dist, 'assets', 'main-def.js'), 'later')
  build('two', '<!doctype html><p>later', 2_000)
  nowMs += 2_000
  await get('/console')
  const answer = await get('/console')
  expect([answer.headers.etag, answer.text]).toEqual(['"two"', '<!doctype html><p>later'])
  expect((await get('/console/assets/main-def.js')).text).toBe('later')
  expect((await get('/console/assets/main-abc.js')).text).toBe(SCRIPT)
})

it('leads a browser from / to the console, and leaves everything else to the API', async () => {
  const led = await get('/', { accept: 'text/html,*/*' })
  expect([led.status, led.headers.location]).toEqual([302, '/console'])
  expect((await get('/', { accept: '*/*' })).status).toBe(418)
  expect((await get('/consoles')).status).toBe(418)
  expect((await get('/api/v1/whoami')).status).toBe(418)
  const posted = await get('/console', {}, 'POST')
  expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
})
