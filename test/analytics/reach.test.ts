import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { reachAnalytics } from '../../src/analytics/reach.ts'
import { createSystemClock } from '../../src/clock.ts'
import { createLogger } from '../../src/logger.ts'
import { testClickHouse } from '../support/clickhouse.ts'
import { testsUseContainers } from '../support/containers.ts'

const system = createSystemClock()
const logger = createLogger('silent')
const FRESH = { wereMade: false, advice: 'Restore it.' }

/** An address without a listener until the answered function is called; then everything goes on to ClickHouse. */
async function awayUntilCalled(target: string): Promise<{ url: string; comeBack(): Promise<Server> }> {
  const { username, password, origin } = new URL(target)
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return {
    url: `http://${username}:${password}@127.0.0.1:${port}`,
    async comeBack() {
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk as Buffer)
        const { method = 'POST', headers } = request
        const { authorization = '' } = headers
        const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}
        const answer = await fetch(origin + request.url, { method, headers: { authorization }, ...body })
        response
          .writeHead(answer.status, { 'x-clickhouse-query-id': answer.headers.get('x-clickhouse-query-id') ?? '' })
          .end(Buffer.from(await answer.arrayBuffer()))
      })
      await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
      return server
    },
  }
}

/** Making the tables takes longest: one database for all, which each test leaves whole. */
let made: ReturnType<typeof testClickHouse> | undefined
function theDatabase() {
  made ??= testClickHouse()
  return made
}

it('a process that starts while ClickHouse is away waits until it is back', async () => {
  const { url: target, database } = await theDatabase()
  const { url, comeBack } = await awayUntilCalled(target)
  const analytics = createAnalyticsClient({ url, database, clock: system, logger })
  const said: string[] = []
  let server: Server | undefined
  const clock = {
    ...system,
    async sleep() {
      server ??= await comeBack()
    },
  }
  await reachAnalytics({ ...FRESH, analytics, url, clock, progress: { warn: sentence => void said.push(sentence) } })
  expect(said).toEqual([`ClickHouse does not answer at ${new URL(url).host}; trying for 30 s …`])
  expect(await analytics.query('SELECT count() AS count FROM emits')).toEqual([{ count: 0 }])
  await analytics.close()
  server?.closeAllConnections()
  server?.close()
})

const here = testsUseContainers() ? it.skip : it // its files are ours to touch
here('a process that starts is told what ClickHouse has set aside as broken, by table', async () => {
  const { url, database } = await theDatabase()
  const analytics = createAnalyticsClient({ url, database, clock: system, logger })
  const said: string[] = []
  const progress = { warn: (sentence: string) => void said.push(sentence) }
  await reachAnalytics({ ...FRESH, analytics, url, clock: system, progress })
  expect(said).toEqual([])
  // What ClickHouse leaves there itself when a part that was written on a full disk cannot be read at its next start.
  const [found] = await analytics.query<{ path: string }>(
    `SELECT data_paths[1] AS path FROM system.tables WHERE database = currentDatabase() AND name = 'completions'`,
  )
  for (const part of ['202611_1_1_0', '202611_2_5_1'])
    mkdirSync(join(found!.path, 'detached', `broken-on-start_${part}`), { recursive: true })
  mkdirSync(join(found!.path, 'detached', '202611_9_9_0')) // by an operator's hand
  await reachAnalytics({ ...FRESH, analytics, url, clock: system, progress })
  expect(said).toEqual([
    'ClickHouse has set 2 broken parts of the table completions aside (broken-on-start_202611_1_1_0, broken-on-start_202611_2_5_1): the history lacks what was in them. See docs/operations.md, "A full disk".',
  ])
  await analytics.close()
})

it('a ClickHouse that keeps its system tables to itself is no reason not to start', async () => {
  const { url, database } = await theDatabase()
  const analytics = createAnalyticsClient({ url, database, clock: system, logger })
  const query: typeof analytics.query = (sql, parameters) =>
    analytics.query(sql.replace('system.detached_parts', 'system.not_shown'), parameters)
  const said: string[] = []
  await reachAnalytics({
    ...FRESH,
    analytics: { ...analytics, query },
    url,
    clock: system,
    progress: { warn: sentence => void said.push(sentence) },
  })
  expect(said).toEqual([
    expect.stringMatching(
      /^ClickHouse does not tell which parts .*system\.not_shown.*: grant SELECT ON system\.detached_parts\.$/s,
    ),
  ])
  expect(await analytics.query('SELECT count() AS count FROM emits')).toEqual([{ count: 0 }])
  await analytics.close()
})

it.each<[string, boolean, string, string]>([
  ['a table', false, 'attempts', 'The table attempts of ClickHouse, which had been made, is missing. Restore it.'],
  ['a view that counts', false, 'usage_of_attempts', 'The table usage_of_attempts of ClickHouse'],
  ['the list of its migrations', true, 'migrations', 'The table migrations of ClickHouse'],
  ['the whole database', true, '', 'The table migrations of ClickHouse'],
])(
  '%s that was made and is gone stops a start, and nothing is made in its place',
  async (_what, wereMade, table, sentence) => {
    const { url, database } = await theDatabase()
    const analytics = createAnalyticsClient({ url, database, clock: system, logger })
    const deps = { ...FRESH, analytics, url, clock: system, progress: { warn: () => undefined } }
    await reachAnalytics(deps)
    await reachAnalytics({ ...deps, wereMade: true })
    if (table === '') await analytics.command('DROP DATABASE {database:Identifier} SYNC', { database })
    else await analytics.command(`RENAME TABLE ${table} TO elsewhere`)
    const tables = () =>
      analytics
        .query('SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name')
        .catch(() => 'none')
    const left = await tables()
    await expect(reachAnalytics({ ...deps, wereMade })).rejects.toThrow(sentence)
    expect(await tables()).toEqual(left)
    if (table !== '') await analytics.command(`RENAME TABLE elsewhere TO ${table}`)
    await analytics.close()
  },
)

it('after half a minute the log says so in a sentence, without its password', async () => {
  const { url } = await awayUntilCalled('http://user:secret@127.0.0.1:1')
  const analytics = createAnalyticsClient({ url, database: 'clarion', clock: system, logger })
  let nowMs = 0
  const clock = {
    ...system,
    monotonicMs: () => nowMs,
    async sleep(ms: number) {
      nowMs += ms
    },
  }
  const reached = reachAnalytics({ ...FRESH, analytics, url, clock, progress: { warn: () => undefined } })
  await expect(reached).rejects.toThrow(/^ClickHouse cannot be reached at 127\.0\.0\.1:\d+: connect ECONNREFUSED/)
  expect(nowMs).toBe(30_500)
  await analytics.close()
})
