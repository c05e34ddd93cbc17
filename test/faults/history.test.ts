/** A running platform whose ClickHouse is frozen, and callers that send made-up cursors. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { testsUseContainers } from '../support/containers.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
let organization: TestOrganization
let receiver: Receiver
let deliveries: string
beforeAll(async () => {
  ;[platform, receiver] = await Promise.all([startPlatform(), createReceiver()])
  organization = await platform.organization()
  const webhook = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
    url: `${receiver.url}/in`,
    events: ['*'],
  })
  deliveries = `/api/v1/webhooks/${webhook.data.id}/deliveries`
}, 120_000)
afterAll(async () => {
  await platform?.stop()
  await receiver?.close()
}, 60_000)

const emit = () =>
  organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    name: 'platformxe.generic',
    payload: { kind: 'k', data: {} },
  })
const isAlive = async () => (await fetch(`${platform.base}/health`)).status === 200 && process.kill(platform.pid, 0)
const ofClickHouse = (signal: NodeJS.Signals) =>
  process.kill(
    (JSON.parse(readFileSync(join(platform.dataDir, 'clickhouse', 'process.json'), 'utf8')) as { pid: number }).pid,
    signal,
  )

it('a cursor with a day that does not exist is refused, and the process goes on', async () => {
  const cursor = Buffer.from('["2026-11-31T00:00:00.000Z","evt_x","dlv_x"]').toString('base64url')
  for (let n = 0; n < 5; n++) {
    const reply = await organization.call('GET', `${deliveries}?cursor=${cursor}`)
    expect([reply.status, reply.code]).toEqual([400, 'validation_failed'])
  }
  expect(await isAlive()).toBe(true)
})

const here = testsUseContainers() ? it.skip : it // its process is ours to stop
here(
  'while ClickHouse hangs, lists answer 503 with Retry-After, and everything else goes on',
  async () => {
    ofClickHouse('SIGSTOP')
    try {
      const lists = [
        deliveries,
        '/api/v1/events/custom/emits',
        '/api/v1/audit',
        '/api/v1/webhooks/dead-letters',
        '/api/v1/usage/summary',
      ]
      // More than there are connections: none of them may wait for another's end.
      const asked = Promise.all(
        Array.from({ length: 40 }, (_, n) => organization.call('GET', lists[n % lists.length]!)),
      )
      asked.catch(() => undefined)
      const { data } = await emit()
      await receiver.received(1)
      expect((await organization.call('GET', '/api/v1/keys')).status).toBe(200)
      for (const reply of await asked)
        expect([reply.status, reply.code, reply.headers.get('retry-after')]).toEqual([503, 'service_unavailable', '5'])
      expect(await isAlive()).toBe(true)
      ofClickHouse('SIGCONT')
      await until(
        () => organization.call('GET', `/api/v1/events/${data.eventId}`),
        ({ status }) => status === 200,
      )
    } finally {
      ofClickHouse('SIGCONT')
    }
    const { body } = await platform.call(platform.adminKey, 'GET', '/metrics')
    expect(body).toContain('clarion_unhandled_total{where="request"} 0')
  },
  120_000,
)
