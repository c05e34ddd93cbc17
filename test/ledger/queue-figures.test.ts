/** What the ledger reads of queues, from a whole platform. */
import { beforeAll, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogPages } from '../../src/kafka/read/log-pages.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { createQueueFigures } from '../../src/ledger/queue-figures.ts'
import { createLogger } from '../../src/logger.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { SHARDS, sharedPlatform, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { until } from '../support/until.ts'
import { checkLedger } from './checked.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

interface Received {
  messages: Array<{ receipt: string }>
}

it('the books of a queue are those of its messages, and of the events of the log that it selects', async () => {
  const organization = await platform.organization()
  const { call, org } = organization
  const conditions = { all: [{ path: 'payload.data.n', operator: 'gte', value: 2 }] }
  const { data: queue } = await call<QueueRecord>('POST', '/api/v1/queues', {
    ...{ name: 'jobs', selectors: ['platformxe.generic'], conditions },
  })
  for (let n = 0; n < 6; n++)
    await call('POST', '/api/v1/events/custom/emit', {
      ...{ name: 'platformxe.generic', payload: { kind: 'job', data: { n } } },
    })
  const receipts: string[] = []
  while (receipts.length < 4) {
    const received = await call<Received>('POST', `/api/v1/queues/${queue.id}/receive`, { max: 10, waitSeconds: 20 })
    receipts.push(...received.data.messages.map(({ receipt }) => receipt))
  }
  await call('POST', `/api/v1/queues/${queue.id}/ack`, { receipts: receipts.slice(0, 2) })
  await call('POST', `/api/v1/queues/${queue.id}/nack`, { receipts: receipts.slice(2, 3), dead: true })

  const { kafka } = connectionsOf(platform)
  const wire = closedInTheEnd(await openWire({ ...kafka, clientId: 'ledger' }, createLogger('silent')))
  const figures = createQueueFigures({ pages: createLogPages({ wire, clock: createSystemClock() }), wire })
  const books = await until(
    async () => (await figures.books(shardOf(org.id, SHARDS))).get(queue.id),
    found => found?.settled === 2,
  )
  expect(books).toMatchObject({ matched: 4, brought: 0, left: 0, settled: 2, here: 2, organizationId: org.id })
  const record = { ...queue, organizationId: org.id }
  expect(await figures.matching(record, [], books!.offsets)).toBe(4)
  expect(await figures.matching({ ...record, conditions: null }, [], books!.offsets)).toBe(6)
  const report = await checkLedger(platform, org.id)
  expect(report.findings.filter(({ check }) => check === 'queue')).toEqual([])
}, 180_000)
