/** `kill -9` while the platform emits for an organization: what it emitted is in the log once, and beside the organization's own emits. */
import { afterEach, expect, it } from '@jest/globals'
import { readLog, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'

const running: TestPlatform[] = []
afterEach(async () => {
  for (const platform of running.splice(0)) await platform.stop().catch(() => undefined)
}, 120_000)

async function start(dataDir?: string): Promise<TestPlatform> {
  const platform = await startPlatform(dataDir === undefined ? {} : { dataDir })
  running.push(platform)
  return platform
}

const BATCH = 100
const BATCHES = 20
const PUBLISHED = 100

it('a lifecycle event for each emit, and a built-in for each key, once each after a kill in the middle', async () => {
  let platform = await start()
  const { org, apiKey } = await platform.organization()
  const receiver = await createReceiver()
  await platform.call(apiKey, 'POST', '/api/v1/webhooks', {
    url: receiver.url,
    events: ['CUSTOM_EVENT_EMIT_RELAYED', 'order.*'],
    maxInFlight: 50,
  })
  let killed: Promise<void> | undefined
  let done = 0
  /** Repeats a call that did not come through; its keys make that harmless. */
  const persistently = async (call: () => Promise<boolean>) => {
    while (!(await call().catch(() => false)));
    done += 1
    if (killed || done < 30) return
    killed = platform.kill().then(async () => {
      platform = await start(platform.dataDir)
    })
  }
  const emitBatch = (from: number) => async () => {
    const items = Array.from({ length: BATCH }, (_, n) => ({
      name: 'platformxe.generic',
      payload: { kind: 'k' },
      idempotencyKey: `n${from + n}`,
    }))
    const answer = await platform.call<{ results: Array<{ status: number }> }>(
      apiKey,
      'POST',
      '/api/v1/events/custom/emit/batch',
      {
        items,
      },
    )
    return answer.status === 200 && answer.data.results.every(result => result.status === 202)
  }
  const publish = (n: number) => async () => {
    const event = {
      organizationId: org.id,
      type: 'order.created',
      data: { order_id: `ord_${n}`, customer_id: 'c' },
      idempotencyKey: `k${n}`,
    }
    return (await platform.call(platform.adminKey, 'POST', '/api/v1/platform/events', event)).status === 202
  }
  const batches = Array.from({ length: BATCHES }, (_, n) => emitBatch(n * BATCH))
  const published = Array.from({ length: PUBLISHED }, (_, n) => publish(n))
  const worker = async (calls: Array<() => Promise<boolean>>) => {
    for (let call = calls.shift(); call; call = calls.shift()) await persistently(call)
  }
  await Promise.all([worker(batches), worker(batches), worker(published), worker(published)])
  await killed
  const emitted = BATCH * BATCHES
  const organization = { org, slug: org.slug, apiKey, call: platform.call.bind(platform, apiKey) as never }
  const expected = 2 * emitted + PUBLISHED
  const ledger = await takeLedger(platform, organization, expected)
  const log = await readLog(platform, organization)
  const ofType = (type: string) => log.filter(record => record.headers.ce_type!.toString() === type)
  const distinct = (type: string, field: string) =>
    new Set(ofType(type).map(record => (JSON.parse(record.value!.toString()) as Record<string, string>)[field]))
  expect([
    ofType('platformxe.generic').length,
    ofType('CUSTOM_EVENT_EMIT_RELAYED').length,
    ofType('order.created').length,
  ]).toEqual([emitted, emitted, PUBLISHED])
  expect([distinct('CUSTOM_EVENT_EMIT_RELAYED', 'emitId').size, distinct('order.created', 'order_id').size]).toEqual([
    emitted,
    PUBLISHED,
  ])
  expect(ledger.sequences).toEqual(Array.from({ length: expected }, (_, n) => n + 1))
  expect([ledger.quotaCounter, ledger.usageEmits, ledger.acceptedRows]).toEqual([emitted, emitted, expected])
  await receiver.close()
}, 170_000)
