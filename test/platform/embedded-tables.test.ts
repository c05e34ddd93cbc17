/** The embedded PostgreSQL of a platform: its starts and ends. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readChild } from '../../src/embedded/part-directory.ts'
import { isAlive, waitUntilGone } from '../../src/embedded/process-identity.ts'
import { sharedPlatform, startPlatform, type TestPlatform } from '../support/platform.ts'

const PATH = '/api/v1/tables'

describe('the embedded PostgreSQL', () => {
  const childOf = (dataDir: string) => readChild(join(dataDir, 'postgres'))
  const used = async (platform: TestPlatform, plan = 'PRO') => {
    const organization = await platform.organization(plan)
    await organization.call('POST', PATH, { name: 'kept', columns: [{ name: 'n', type: 'integer' }] })
    await organization.call('POST', `${PATH}/kept/rows`, { n: 7 })
    return organization
  }

  it('starts when a table is first used, comes back when it is killed, and is ended by the next start', async () => {
    const first = await startPlatform()
    const { dataDir } = first
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
    const organization = await used(first)
    const before = childOf(dataDir)!
    process.kill(before.pid, 'SIGKILL')
    await waitUntilGone(before, 10_000)
    const rows = await organization.call('GET', `${PATH}/kept/rows`)
    expect([rows.status, rows.data]).toEqual([200, [{ id: 1, n: 7 }]])
    const running = childOf(dataDir)!
    expect(running.pid).not.toBe(before.pid)

    await first.kill()
    expect(isAlive(running)).toBe(true)
    const second = await startPlatform({ dataDir, env: { DATABASE_URL: 'off' } })
    await waitUntilGone(running, 10_000)
    expect(isAlive(running)).toBe(false)
    const off = await second.call(organization.apiKey, 'GET', PATH)
    expect([off.status, off.code]).toEqual([503, 'tables_unavailable'])
    expect(await second.stop()).toBe(0)

    const third = await startPlatform({ dataDir })
    const again = await third.call(organization.apiKey, 'GET', `${PATH}/kept/rows`)
    expect([again.status, again.data]).toEqual([200, [{ id: 1, n: 7 }]])
    const last = childOf(dataDir)!
    expect(await third.stop()).toBe(0)
    expect([isAlive(last), readdirSync(join(dataDir, 'postgres')).sort()]).toEqual([
      false,
      ['credentials.json', 'data', 'ports.json', 'server.log'],
    ])
  }, 240_000)

  it('is known to the guard: no webhook reaches it', async () => {
    const platform = await sharedPlatform()
    const organization = await used(platform)
    const { connection } = childOf(platform.dataDir) as unknown as { connection: { port: number } }
    const made = await organization.call('POST', '/api/v1/webhooks', {
      url: `http://127.0.0.1:${connection.port}/`,
      events: ['*'],
    })
    expect([made.status, made.code]).toEqual([400, 'invalid_webhook_url'])
  }, 120_000)
})
