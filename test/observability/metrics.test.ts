/** Scrapes of a running platform: one process of a platform judges and nothing else, the other does the rest. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createLoadShedder } from '../../src/ingress/load-shedding.ts'
import type { Waiting } from '../../src/kafka/ports.ts'
import { createReaderWatch } from '../../src/kafka/read/reader-watch.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { createRetryDepth } from '../../src/observability/retry-depth.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { endParts } from '../support/run-directory.ts'

/** The value of one line; undefined: there is none. */
function valueIn(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const line = text
    .split('\n')
    .find(each => each.match(/^\w+/)?.[0] === name && wanted.every(label => each.includes(label)))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}

describe('a scrape of a running platform', () => {
  let most: TestPlatform
  let admit: TestPlatform
  let organization: TestOrganization
  let receiver: Receiver
  let answerLate: () => void = () => undefined

  beforeAll(async () => {
    // Broker and ClickHouse stay behind when the whole platform is killed; what comes then judges nothing by itself.
    const whole = await startPlatform()
    await whole.kill()
    most = await startPlatform({ dataDir: whole.dataDir, roles: 'api,deliver,record' })
    organization = await most.organization()
    const late = new Promise<void>(resolve => {
      answerLate = resolve
    })
    receiver = await createReceiver({ answer: ({ path }) => (path === '/late' ? { late } : { status: 500 }) })
    for (const path of ['/late', '/fails'])
      await organization.call('POST', '/api/v1/webhooks', {
        url: receiver.url + path,
        events: ['*'],
        timeoutMs: 30_000,
      })
  }, 120_000)
  afterAll(async () => {
    answerLate()
    await admit?.stop()
    await most?.stop()
    await endParts(most.dataDir)
    await receiver?.close()
  }, 90_000)

  const scrape = async (platform: TestPlatform): Promise<string> => (await fetch(`${platform.base}/metrics`)).text()
  /** Asks until the value satisfies; the test's own time limit is the bound. */
  async function until(
    platform: TestPlatform,
    name: string,
    labels: Record<string, string>,
    satisfies: (value: number) => boolean,
  ) {
    for (;;) {
      const value = valueIn(await scrape(platform), name, labels)
      if (value !== undefined && satisfies(value)) return value
      await pause(50)
    }
  }
  const emit = () =>
    organization.call('POST', '/api/v1/events/custom/emit', {
      name: 'platformxe.generic',
      payload: { kind: 'k', data: {} },
    })

  it('counts emits whose verdict did not come in time, by organization', async () => {
    expect((await emit()).data).toMatchObject({ verdict: 'pending' })
    const text = await scrape(most)
    expect(valueIn(text, 'clarion_unanswered_emits_total')).toBe(1)
    expect(valueIn(text, 'clarion_shed_emits_total')).toBe(0)
    expect(valueIn(text, 'clarion_ingress_lag_records', { organization: organization.org.id })).toBe(1)
  }, 60_000)

  it('has the latency of verdicts, and the opening time of shards', async () => {
    admit = await startPlatform({ dataDir: most.dataDir, roles: 'admit' })
    await until(admit, 'clarion_verdicts_total', { verdict: 'accepted', channel: 'http' }, value => value === 1)
    const text = await scrape(admit)
    expect(valueIn(text, 'clarion_verdict_delay_seconds_count')).toBe(1)
    // The call answered `queued` after two seconds, before any process could judge the emit.
    expect(valueIn(text, 'clarion_verdict_delay_seconds_sum')).toBeGreaterThan(2)
    expect(valueIn(text, 'clarion_shard_open_seconds_count', { role: 'admit' })).toBe(
      valueIn(text, 'clarion_shards', { role: 'admit', state: 'running' }),
    )
  }, 120_000)

  it('counts deliveries in flight and in each retry topic, with the age of the oldest', async () => {
    await until(
      most,
      'clarion_attempt_seconds_count',
      { state: 'retrying', error_kind: 'status' },
      value => value === 1,
    )
    await until(most, 'clarion_deliveries', { stage: 'in_flight' }, value => value === 1)
    await until(most, 'clarion_retry_waiting_deliveries', { tier: '1m' }, value => value >= 1)
    await until(most, 'clarion_retry_oldest_seconds', { tier: '1m' }, value => value > 0)
    const text = await scrape(most)
    expect(valueIn(text, 'clarion_retry_waiting_deliveries', { tier: '12h' })).toBe(0)
    // The event, of which one delivery has not ended.
    expect(valueIn(text, 'clarion_retry_waiting_deliveries', { tier: 'fresh' })).toBeGreaterThanOrEqual(1)
    expect(valueIn(text, 'clarion_first_attempt_delay_seconds_count')).toBe(1)
    expect(valueIn(text, 'clarion_deliveries_payload_bytes')).toBeGreaterThan(0)
    answerLate()
    await until(most, 'clarion_deliveries', { stage: 'in_flight' }, value => value === 0)
    await until(most, 'clarion_retry_waiting_deliveries', { tier: 'fresh' }, value => value === 0)
  }, 60_000)

  it('has the lag of the history, and the rows that went into it', async () => {
    await until(most, 'clarion_insert_rows_total', { table: 'emits' }, value => value === 1)
    let behind = 0
    // A round follows the last one after a second: what comes meanwhile waits.
    while (!(behind > 0)) {
      await emit()
      behind = valueIn(await scrape(most), 'clarion_history_behind_seconds', { topic: 'audit.emits' }) ?? 0
    }
    await until(most, 'clarion_history_behind_seconds', { topic: 'audit.emits' }, value => value === 0)
    const text = await scrape(most)
    expect(valueIn(text, 'clarion_insert_rows_total', { table: 'emits' })).toBeGreaterThan(1)
    expect(valueIn(text, 'clarion_insert_seconds_count', { table: 'emits' })).toBeGreaterThan(1)
  }, 60_000)
})

describe('an emit that is refused because too many wait', () => {
  it('is counted', async () => {
    const metrics = createMetrics()
    const positions = { position: () => undefined }
    const view = { organization: () => undefined }
    const overload = createLoadShedder({
      clock: createManualClock(),
      positions,
      view,
      waitingMax: 2,
      onShed: metrics.shed,
    })
    overload.take('org_a', 'emits.org_a', 0)
    expect(overload.refuses('org_a')).toBe(false)
    overload.take('org_a', 'emits.org_a', 0)
    expect(overload.refuses('org_a')).toBe(true)
    expect(valueIn(await metrics.text(), 'clarion_shed_emits_total')).toBe(1)
  })
})

describe('an unreadable source', () => {
  it('is counted by reason, and named for /ready once it lasts longer than a leader takes to move', async () => {
    const metrics = createMetrics()
    const readers = createReaderWatch()
    metrics.readers(readers)
    const waiting: Waiting[] = [
      { topic: 'emits.org_a', partition: 0, sinceMs: 0, reason: 'no_leader' },
      { topic: 'emits.org_a', partition: 1, sinceMs: 0, reason: 'no_leader' },
      { topic: 'outcomes', partition: 3, sinceMs: 1_500, reason: 'unreachable' },
    ]
    const reader = { waiting: () => waiting }
    const losses: unknown[] = []
    readers.onLoss(loss => losses.push(loss))
    readers.opened(reader)
    readers.gap('emits.org_a', 0, { from: 5, to: 9, reason: 'retention' })
    readers.replaced('emits.org_a', 0, 7)
    readers.behindLeader()
    expect(losses).toEqual([
      { topic: 'emits.org_a', partition: 0, from: 5, to: 9, reason: 'retention' },
      { topic: 'emits.org_a', partition: 0, from: 7, to: 0, reason: 'replaced' },
    ])
    const text = await metrics.text()
    expect(valueIn(text, 'clarion_partitions_without_leader', { reason: 'no_leader' })).toBe(2)
    expect(valueIn(text, 'clarion_partitions_without_leader', { reason: 'unknown_topic' })).toBe(0)
    expect(valueIn(text, 'clarion_offset_gaps_total', { reason: 'retention' })).toBe(1)
    expect(valueIn(text, 'clarion_offset_gaps_total', { reason: 'replaced' })).toBe(1)
    expect(valueIn(text, 'clarion_reader_behind_leader_total')).toBe(1)
    expect(readers.degraded(2_100)).toEqual(['waiting for 2 partitions without a leader: emits.org_a/0, emits.org_a/1'])
    readers.closed(reader)
    expect(readers.degraded(2_100)).toEqual([])
  })
})

describe('the backlog of the retry topics', () => {
  const clock = createManualClock()
  const ends = new Map([
    ['deliveries.retry-5m/0', 12],
    ['deliveries.retry-5m/1', 4],
    ['deliveries/0', 7],
  ])
  let asked = 0
  let isAway = false
  const read = createRetryDepth({
    clock,
    read: () => [
      { topic: 'deliveries.retry-5m', partition: 0, readTo: 10, open: 3, oldestAtMs: clock.nowMs() - 2_000 },
      { topic: 'deliveries.retry-5m', partition: 1, readTo: 4, open: 0, oldestAtMs: undefined },
      { topic: 'deliveries', partition: 0, readTo: 7, open: 1, oldestAtMs: undefined },
    ],
    async ends() {
      asked++
      if (isAway) throw new Error('the broker is away')
      return ends
    },
  })

  it('counts records that were read and have not ended, and unread ones, over all shards', async () => {
    expect(await Promise.all([read(), read()]).then(([first]) => first)).toEqual([
      { tier: '5m', records: 5, oldestSeconds: 2 },
      { tier: 'fresh', records: 1, oldestSeconds: 0 },
    ])
    expect(asked).toBe(1)
  })

  it('is left out of a scrape while the broker is away, and the rest of it is there', async () => {
    const metrics = createMetrics()
    metrics.deliver.depth(read)
    metrics.gauge('clarion_rest', 'The rest.', () => 1)
    expect(valueIn(await metrics.text(), 'clarion_retry_waiting_deliveries', { tier: '5m' })).toBe(5)
    isAway = true
    clock.advance(6_000)
    const text = await metrics.text()
    expect(valueIn(text, 'clarion_retry_waiting_deliveries')).toBeUndefined()
    expect(valueIn(text, 'clarion_rest')).toBe(1)
  })
})
