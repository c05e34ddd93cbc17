/** Unhandled errors in a real process, by the owner of the work. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from '@jest/globals'

const PROGRAM = fileURLToPath(new URL('../support/unhandled-process.ts', import.meta.url))

let child: ChildProcess
let base: string
let log: string
beforeEach(async () => {
  log = ''
  child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr!.on('data', chunk => {
    log += chunk
  })
  const [port] = await once(child.stdout!, 'data')
  base = `http://127.0.0.1:${String(port).trim()}`
})
afterEach(() => void child?.kill('SIGKILL'))

interface Seen {
  failed: string[]
  counts: { request: number; shard: number }
}

const seen = async (): Promise<Seen> => ((await (await fetch(`${base}/seen`)).json()) as { data: Seen }).data

/** Asks until it is so; the test's own time limit is the bound. */
async function untilSeen(isSo: (seen: Seen) => boolean): Promise<Seen> {
  for (;;) {
    const now = await seen()
    if (isSo(now)) return now
  }
}

const loggedLines = () =>
  log
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)

it.each(['rejection', 'exception'])(
  'an unhandled %s of a request is logged with its id and counted, and the process goes on',
  async kind => {
    const reply = await fetch(`${base}/${kind}`)
    expect(reply.status).toBe(200)
    expect((await untilSeen(({ counts }) => counts.request > 0)).counts).toEqual({ request: 1, shard: 0 })
    expect(loggedLines()).toEqual([
      expect.objectContaining({
        requestId: reply.headers.get('x-request-id'),
        error: expect.stringContaining('left behind'),
      }),
    ])
    expect(child.exitCode).toBeNull()
  },
)

it('an unhandled rejection of a request that goes straight to its handler is logged with its id, too', async () => {
  const reply = await fetch(`${base}/direct`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
  expect(reply.status).toBe(202)
  await untilSeen(({ counts }) => counts.request > 0)
  expect(loggedLines()).toEqual([expect.objectContaining({ requestId: reply.headers.get('x-request-id') })])
})

it.each(['shard', 'shard-exception'])(
  'an unhandled error of a shard (%s) ends the session of that shard, and the process goes on',
  async path => {
    await fetch(`${base}/${path}`)
    expect(await untilSeen(({ counts }) => counts.shard > 0)).toEqual({
      failed: ['left behind'],
      counts: { request: 0, shard: 1 },
    })
    expect(loggedLines()).toEqual([expect.objectContaining({ role: 'admit', shard: 3 })])
  },
)

it('an unhandled rejection that belongs to nothing known ends the process', async () => {
  const exited = once(child, 'exit')
  await fetch(`${base}/nobody`).catch(() => undefined)
  expect((await exited)[0]).toBe(1)
})
