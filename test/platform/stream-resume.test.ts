/**
 * Streams that are cut: by the client at any byte, by a stop or a kill of the process, by a broker that is away. Whoever
 * resumes sees every event, in order. Two api processes over one broker.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { isEvent } from '../support/stream-client.ts'
import { until } from '../support/until.ts'
import { clients, cutAgainAndAgain, emit, isOfType, range, stream } from './resuming.ts'

let platform: TestPlatform
let second: TestPlatform

beforeAll(async () => {
  platform = await startPlatform()
  second = await startPlatform({ dataDir: platform.dataDir, roles: 'api' })
}, 180_000)
afterAll(async () => {
  for (const client of clients) client.close()
  await second?.stop().catch(() => undefined)
  await platform?.stop()
}, 90_000)

describe('a client', () => {
  it('that is cut a hundred times at any byte, by two processes in turn, sees every event in order', async () => {
    const organization = await platform.organization()
    expect(await cutAgainAndAgain(organization, [platform.base, second.base], 60)).toBeGreaterThan(100)
  }, 180_000)

  it('keeps its connection while the broker is away, and misses nothing', async () => {
    const organization = await platform.organization()
    const client = await stream(platform.base, organization)
    await client.until(isOfType('ready'))
    const behind = await stream(second.base, organization)
    await behind.until(isOfType('ready'))
    await emit(organization, 50)
    const { pid } = JSON.parse(readFileSync(join(platform.dataDir, 'kafka', 'process.json'), 'utf8')) as { pid: number }
    process.kill(pid, 'SIGSTOP')
    try {
      await pause(6_000)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await emit(organization, 50)
    for (const each of [client, behind]) {
      expect((await each.events(100)).map(({ data }) => data.sequence)).toEqual(range(1, 100))
      expect(each.isEnded()).toBe(false)
      each.close()
    }
  }, 90_000)
})

describe('two processes', () => {
  it('share the connections of the plan, and the list of what is open', async () => {
    const organization = await platform.organization('FREE')
    const first = await stream(platform.base, organization, { client: 'one' })
    const { streamId } = (await first.until(isOfType('ready'))).data
    const openAt = async (process: TestPlatform) =>
      (await process.call<Array<{ id: string }>>(organization.apiKey, 'GET', '/api/v1/events/streams')).data
    await until(async () => (await openAt(second)).length === 1, Boolean)
    expect(await openAt(second)).toEqual([expect.objectContaining({ id: streamId, client: 'one', types: ['*'] })])
    const refused = await stream(second.base, organization)
    expect([refused.status, refused.error.code]).toEqual([429, 'stream_limit_exceeded'])
    // The same client at the other process: its older stream ends where it is.
    const again = await stream(second.base, organization, { client: 'one' })
    expect(again.status).toBe(200)
    expect((await first.until(isOfType('end'))).data.reason).toBe('replaced')
    const { streamId: other } = (await again.until(isOfType('ready'))).data
    await until(async () => (await openAt(platform)).some(({ id }) => id === other), Boolean)
    expect((await organization.call('DELETE', `/api/v1/events/streams/${other}`)).status).toBe(200)
    expect((await again.until(isOfType('end'))).data.reason).toBe('revoked')
    await until(async () => (await openAt(platform)).length === 0, Boolean)
    const after = await stream(platform.base, organization)
    expect(after.status).toBe(200)
    after.close()
  }, 60_000)
})

describe('a process', () => {
  it('that is killed under load loses nothing for clients that resume at the other one', async () => {
    const organization = await platform.organization()
    const ends = await Promise.all(range(1, 10).map(() => stream(second.base, organization, { from: 'earliest' })))
    const emitting = emit(organization, 1_000)
    await ends[0]!.events(200)
    await second.kill()
    await emitting
    for (const cut of ends) {
      await cut.ended
      const seen = cut.frames.filter(isEvent)
      const headers = { 'last-event-id': cut.frames.at(-1)!.id! }
      const resumed = await stream(platform.base, organization, {}, { headers })
      const rest = await resumed.events(1_000 - seen.length)
      expect([...seen, ...rest].map(({ data }) => data.sequence)).toEqual(range(1, 1_000))
      resumed.close()
    }
    second = await startPlatform({ dataDir: platform.dataDir, roles: 'api' })
  }, 120_000)

  it('that stops ends its streams first, and each says how long to wait', async () => {
    const organization = await platform.organization()
    const open = await Promise.all(range(1, 20).map(() => stream(second.base, organization)))
    const lines = await stream(second.base, organization, {}, { headers: { accept: 'application/x-ndjson' } })
    const webSocket = new WebSocket(`${second.base.replace('http', 'ws')}/api/v1/events/ws`, {
      headers: { authorization: `Bearer ${organization.apiKey}` },
    })
    const closed = new Promise<[number, string]>(resolve =>
      webSocket.on('close', (code, reason) => resolve([code, String(reason)])),
    )
    await new Promise(resolve => webSocket.once('message', resolve))
    const unsigned = new WebSocket(`${second.base.replace('http', 'ws')}/api/v1/events/ws`)
    const unsignedClosed = new Promise<number>(resolve => unsigned.on('close', resolve))
    await new Promise(resolve => unsigned.once('open', resolve))
    await emit(organization, 5)
    for (const each of [...open, lines]) await each.events(5)
    const stopping = second.stop()
    for (const each of [...open, lines]) {
      const end = await each.until(isOfType('end'))
      expect(end.data).toMatchObject({ reason: 'server_drain', cursor: end.id })
      expect(end.retry).toBeGreaterThanOrEqual(500)
      expect(end.retry).toBeLessThanOrEqual(3_000)
      await each.ended
    }
    expect(new Set(open.map(({ frames }) => frames.at(-1)!.retry)).size).toBeGreaterThan(5)
    expect((await closed)[0]).toBe(1012)
    expect(await unsignedClosed).toBe(1012)
    expect(await stopping).toBe(0)
    second = await startPlatform({ dataDir: platform.dataDir, roles: 'api' })
  }, 90_000)

  it('that starts again takes the cursors that it gave before', async () => {
    const organization = await platform.organization()
    await emit(organization, 5)
    const client = await stream(second.base, organization, { from: 'earliest' })
    const [, , third] = await client.events(5)
    await second.stop()
    second = await startPlatform({ dataDir: platform.dataDir, roles: 'api' })
    const resumed = await stream(second.base, organization, { from: third!.id! })
    expect((await resumed.events(2)).map(({ data }) => data.sequence)).toEqual([4, 5])
    resumed.close()
  }, 90_000)
})
