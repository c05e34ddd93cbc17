/** The broker and ClickHouse are killed under a running platform, which starts them again: nothing acknowledged is lost, nothing doubled. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { expectLedger, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform()
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

function killPart(part: 'kafka' | 'clickhouse'): void {
  const { pid } = JSON.parse(readFileSync(join(platform.dataDir, part, 'process.json'), 'utf8')) as { pid: number }
  process.kill(pid, 'SIGKILL')
}

/** Emits until it is acknowledged; the key makes a repetition harmless. */
async function emitSurely(organization: TestOrganization, n: number): Promise<void> {
  for (;;) {
    const body = { name: 'platformxe.generic', payload: { kind: 'k', data: { n } }, idempotencyKey: `n${n}` }
    const answer = await organization.call('POST', '/api/v1/events/custom/emit', body)
    if (answer.status === 202) return
    expect([answer.status, answer.code]).toEqual([503, 'service_unavailable'])
  }
}

interface Page {
  data: Array<{ sequence: number }>
  meta: { nextCursor: string }
}

/** Follows the log from its start until it has this many events. */
async function pullAll(organization: TestOrganization, count: number): Promise<number[]> {
  const numbers: number[] = []
  for (let place = 'from=earliest'; numbers.length < count; ) {
    const { status, code, body } = await organization.call(
      'GET',
      `/api/v1/events?types=*&waitSeconds=2&limit=7&${place}`,
    )
    if (status !== 200) {
      expect([
        [503, 'service_unavailable'],
        [429, 'rate_limited'],
      ]).toContainEqual([status, code])
      continue
    }
    const { data, meta } = body as Page
    numbers.push(...data.map(({ sequence }) => sequence))
    place = `cursor=${meta.nextCursor}`
  }
  return numbers
}

describe('kill -9 of a backend', () => {
  it('of the broker is answered with 503 until it is back; then every emit that was acknowledged is there once, for who pulls as well', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver()
    await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['*'] })
    const pulled = pullAll(organization, 100)
    for (let n = 0; n < 50; n++) await emitSurely(organization, n)
    killPart('kafka')
    for (let n = 50; n < 100; n++) await emitSurely(organization, n)
    expect(await pulled).toEqual(Array.from({ length: 100 }, (_, n) => n + 1))
    expectLedger(await takeLedger(platform, organization, 100), 100)
    await receiver.received(100)
    await receiver.close()
  }, 120_000)

  it('of ClickHouse delays history only', async () => {
    const organization = await platform.organization()
    killPart('clickhouse')
    for (let n = 0; n < 100; n++) await emitSurely(organization, n)
    await until(
      () => organization.call('GET', '/api/v1/events/custom/emits'),
      ({ status }) => status === 200,
    )
    expectLedger(await takeLedger(platform, organization, 100), 100)
  }, 120_000)
})
