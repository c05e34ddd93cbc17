import { expect, it } from '@jest/globals'
import { createWaitingWebhooks } from '../../src/api/webhooks/waiting-webhooks.ts'
import { createLogger } from '../../src/logger.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { catchUpKeys, type ParkedWebhook, parkedWebhookCodec } from '../../topics/delivery-catch-ups.ts'
import { asRecord, examplesOf } from '../topics/example-records.ts'

const parked = (webhookId: string, changes: object | null) => ({
  key: Buffer.from(catchUpKeys.ofParked(webhookId)),
  value: changes && parkedWebhookCodec.encode({ ...(example.value as ParkedWebhook), cursors: [], ...changes }),
})
const example = examplesOf('delivery.catch-ups').find(
  ({ key, value }) => value !== null && (key as string).startsWith('parked/'),
)!

it('events owed to a webhook are shown until there are none, and added up by reason', async () => {
  const waiting = createWaitingWebhooks({ logger: createLogger('silent') })
  for (const each of examplesOf('delivery.catch-ups')) waiting.apply(asRecord(each))
  waiting.apply(parked('wh_1', { fromSequence: 10, throughSequence: 19 }))
  waiting.apply(parked('wh_2', { fromSequence: 1, throughSequence: 5 }))
  expect(waiting.of('wh_1')).toMatchObject({ reason: expect.any(String), ratePerSecond: expect.any(Number) })
  expect(waiting.of('wh_none')).toBeNull()
  const before = waiting.totals().reduce((sum, { webhooks }) => sum + webhooks, 0)
  waiting.apply(parked('wh_1', null))
  expect(waiting.of('wh_1')).toBeNull()
  expect(waiting.totals().reduce((sum, { webhooks }) => sum + webhooks, 0)).toBe(before - 1)
})

it('an unreadable record is left out, and stops no other', () => {
  const waiting = createWaitingWebhooks({ logger: createLogger('silent') })
  waiting.apply(parked('wh_1', { fromSequence: 10, throughSequence: 19 }))
  waiting.apply({ key: Buffer.from(catchUpKeys.ofParked('wh_1')), value: Buffer.from('of a release to come') })
  expect(waiting.of('wh_1')).toBeNull()
})

it('metrics have each reason once, with webhooks, events and the age of the oldest', async () => {
  const metrics = createMetrics()
  const totals = [
    { reason: 'held', webhooks: 2, events: 300, oldestAtMs: 4_000 },
    { reason: 'paused', webhooks: 0, events: 0, oldestAtMs: null },
  ]
  metrics.owed(() => totals, { nowMs: () => 10_000 })
  const text = await metrics.text()
  for (const line of [
    'clarion_webhooks_waiting{reason="held"} 2',
    'clarion_owed_events{reason="held"} 300',
    'clarion_owed_oldest_seconds{reason="held"} 6',
    'clarion_owed_oldest_seconds{reason="paused"} 0',
  ])
    expect(text).toContain(line)
})
