/** `clarion dev`, with a program in place of a platform. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createReceiver, type Receiver } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'
import { type Running, runCommand, startCommand } from '../support/command.ts'

/** Answers as a platform does, writes its arguments and its end down, and has one event. */
const PLATFORM = `
import { createServer } from 'node:http'
import { appendFileSync, existsSync } from 'node:fs'
const [, port] = process.argv.slice(3)
const note = text => appendFileSync(process.env.NOTES, text + '\\n')
note('started ' + process.argv.slice(2).join(' ') + ' ' + process.env.EGRESS_ALLOW + ' ' + process.pid)
if (process.env.BROKEN) { console.error('clarion: no Java'); process.exit(1) }
const made = []
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://x')
  const key = request.headers.authorization?.slice('Bearer '.length)
  note(request.method + ' ' + pathname + ' ' + key)
  const ok = (data, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ success: true, data, meta: { nextCursor: null } }))
  }
  request.resume().on('end', () => {
    if (pathname === '/ready') return response.end('ok')
    if (pathname === '/api/v1/organizations' && request.method === 'GET') return ok(made)
    if (pathname === '/api/v1/organizations') {
      made.push({ id: 'org_1', slug: 'dev', status: 'active' })
      return ok({ organization: made[0], apiKey: 'ck_live_first' }, 201)
    }
    if (pathname === '/api/v1/organizations/org_1/keys') return ok({ key: {}, apiKey: 'ck_test_dev' }, 201)
    if (pathname === '/api/v1/organizations/org_1/console-links') return ok({ url: 'http://x/console#login=l' }, 201)
    if (pathname === '/api/v1/inspectors') return ok({ id: 'ins_1', url: 'http://x/in/1' }, 201)
    if (pathname === '/api/v1/whoami')
      return ok({ kind: 'key', organization: { id: 'org_1', name: 'dev', slug: 'dev', plan: 'PRO' }, key: { id: 'key_1', environment: 'test', scopes: ['events:read'], expiresAt: null } })
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.write(JSON.stringify({ type: 'ready', cursor: 'c0' }) + '\\n')
    const event = { id: 'evt_1', sequence: 7, type: 'shop.paid', time: '2026-01-01T00:00:00Z', subject: null, data: { total: 5 } }
    response.write(JSON.stringify({ type: 'event', cursor: 'c1', event }) + '\\n')
  })
})
server.listen(Number(port), '127.0.0.1', () => {
  console.error('clarion: preparing')
  console.log('  Clarion is ready at http://127.0.0.1:' + port + '\\n  Operator key: ck_admin_x')
})
process.on('SIGTERM', () => { note('ended'); process.exit(0) })
`

let folder: string
let notes: string
let receiver: Receiver
let url: string
let running: Running | undefined
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clarion-dev-'))
  notes = join(folder, 'notes')
  writeFileSync(notes, '')
  await mkdir(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'clarion.mjs'), PLATFORM)
  receiver = await createReceiver()
  url = `http://127.0.0.1:${await freePort()}`
})
afterEach(async () => {
  running?.kill()
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

const env = (more: object = {}) => ({ HOME: folder, CLARION_URL: url, NOTES: notes, ...more })
const noted = () => readFileSync(notes, 'utf8').trim().split('\n')
/** Of a server that is closed again. */
async function freePort(): Promise<number> {
  const held = createServer()
  await new Promise<void>(resolve => held.listen(0, '127.0.0.1', resolve))
  const { port } = held.address() as AddressInfo
  await new Promise(resolve => held.close(resolve))
  return port
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('clarion dev', () => {
  it('starts a platform, makes organization and test key, forwards events, and Ctrl-C leaves no process', async () => {
    const data = join(folder, 'data')
    const words = ['dev', '--platform', folder, '--data', data, '--to', receiver.url, '--secret', 'whsec_c2VjcmV0']
    running = startCommand(env(), words, null)
    await until(() => receiver.requests.length === 1, Boolean)
    expect(receiver.requests[0]!.headers['webhook-signature']).toMatch(/^v1,/)
    expect(JSON.parse(receiver.requests[0]!.body.toString())).toMatchObject({ id: 'evt_1', data: { total: 5 } })
    for (const each of ['ck_test_dev', 'http://x/in/1', 'http://x/console#login=l', 'test']) await running.says(each)
    running.interrupt()
    const { code, stdout } = await running.finished
    expect([code, stdout]).toEqual([0, expect.stringContaining('#7')])
    const all = noted()
    const pid = Number(all[0]!.split(' ').at(-1))
    expect(all[0]).toBe(`started start --port ${new URL(url).port} --data ${data} 127.0.0.0/8,::1/128 ${pid}`)
    expect(all).toContain('POST /api/v1/organizations ck_admin_x')
    expect(all).toContain('GET /api/v1/events/stream ck_test_dev')
    expect([all.at(-1), isAlive(pid)]).toEqual(['ended', false])
  })

  it('ends with the words of a platform that does not start', async () => {
    const { code, stderr } = await runCommand(env({ BROKEN: '1' }), ['dev', '--platform', folder])
    expect([code, stderr]).toEqual([2, expect.stringContaining('no Java')])
  })

  it.each([
    ['a folder without a platform', ['--platform', tmpdir()], 'is a checkout of the platform'],
    ['an address that is none', ['--to', 'here'], '--to must be a URL'],
  ])('%s is refused before anything starts', async (_, words, hint) => {
    const { code, stderr } = await runCommand(env(), ['dev', ...words])
    expect([code, stderr, noted()]).toEqual([2, expect.stringContaining(hint), ['']])
  })

  it('leaves a platform that runs already as it is, and needs a key of it', async () => {
    const lonely = await runCommand(env({ CLARION_URL: receiver.url }), ['dev'])
    expect([lonely.code, lonely.stderr]).toEqual([2, expect.stringContaining('--operator-key')])
  })
})
