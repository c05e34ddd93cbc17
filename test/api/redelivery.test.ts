/** Answers of the api to calls about deliveries, and its commands for `deliver`, by the deliveries' states in the history. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { deliveryId } from '../../src/model/ids.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import { type DeliveryCommand, deliveriesCommands, deliveryCommandCodec } from '../../topics/deliveries-commands.ts'
import { attempt, matched, NOON } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { clock, logger } from '../control-plane/control-plane-harness.ts'
import { type CallAs, openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let commands: DeliveryCommand[]
const closing: Array<() => Promise<unknown>> = []
let arrived: () => void = () => undefined

beforeAll(async () => {
  api = await openTestApi()
  commands = []
  const reader = createLogReader({
    ...{ kafka: api.kafka, clock, logger },
    events: {
      onRecords(_topic, _partition, records) {
        for (const { value } of records) commands.push(deliveryCommandCodec.decode(value!))
        arrived()
      },
      onFatal: error => {
        throw error
      },
    },
  })
  for (let shard = 0; shard < api.provisioning.shards; shard++)
    reader.assign(deliveriesCommands.name, shard, 'earliest')
  closing.push(() => reader.close())
}, 120_000)
afterAll(async () => {
  for (const close of closing) await close()
  await api?.close()
})

/** Once there are so many of an organization. */
async function commandsOf(organizationId: string, count: number): Promise<DeliveryCommand[]> {
  for (;;) {
    const found = commands.filter(each => each.organizationId === organizationId)
    if (found.length >= count) return found
    await new Promise<void>(resolve => {
      arrived = resolve
    })
  }
}

let blocks = 50_000
/** An organization with one webhook that matched as many events as there are states, each delivery in one of them. */
async function stage(steps: Array<Partial<AttemptRow> | null>, options: { active?: boolean } = {}) {
  const { id: organizationId, call } = await api.organization()
  const made = await call('POST', '/api/v1/webhooks', { url: 'https://example.com/hook', events: ['*'] })
  const webhookId: string = made.data.id
  const events = steps.map((_, at) => matched(at + 1, [webhookId], [], { organizationId }))
  const ids = events.map(({ eventId }) => deliveryId(eventId!, webhookId))
  const attempts = steps.flatMap((step, at) => (step === null ? [] : [attempt(events[at]!, webhookId, ids[at]!, step)]))
  await insertAudit(api.analytics, blocks++, { verdicts: events, attempts })
  if (options.active === false) await call('PATCH', `/api/v1/webhooks/${webhookId}`, { active: false })
  const to = (what: string, at: number, body?: object) =>
    call('POST', `/api/v1/webhooks/deliveries/${ids[at]}/${what}`, body)
  return { organizationId, call, webhookId, events, ids, to }
}

const end = (state: AttemptRow['state'], reason: string): Partial<AttemptRow> => ({
  attemptId: null,
  number: 0,
  state,
  reason,
})
const messageOf = ({ body }: { body: { error?: { message: string } } }) => body.error?.message ?? ''

describe('a cancellation', () => {
  it('of an ended delivery is a conflict that says how it ended', async () => {
    const { to } = await stage([
      end('skipped', 'left_out'),
      end('failed', 'endpoint_unavailable'),
      { state: 'success' },
    ])
    for (const [at, told] of ['skipped (left_out)', 'failed (endpoint_unavailable)', 'success'].entries()) {
      const answer = await to('cancel', at)
      expect([answer.status, answer.code]).toEqual([409, 'conflict'])
      expect(messageOf(answer)).toContain(`it is ${told}.`)
    }
  })

  it('names the number of an event that the history does not have', async () => {
    const { organizationId, call, webhookId } = await stage([])
    const lost = matched(7, [webhookId], [], { organizationId, recordedAtMs: NOON - 29 * 86_400_000 })
    const id = deliveryId(lost.eventId!, webhookId)
    const retrying = { state: 'retrying', nextAttemptAtMs: NOON } as const
    await insertAudit(api.analytics, blocks++, { attempts: [attempt(lost, webhookId, id, retrying)] })
    expect((await call('POST', `/api/v1/webhooks/deliveries/${id}/cancel`)).status).toBe(202)
    expect(await commandsOf(organizationId, 1)).toMatchObject([{ deliveryId: id, event: null, sequence: 7 }])
  })

  it('of a delivery that waits in the log, while its webhook is off, too, names the event in its command', async () => {
    for (const active of [true, false]) {
      const { organizationId, to, events, ids, webhookId } = await stage([null], { active })
      expect(await to('cancel', 0)).toMatchObject({ status: 202, data: { status: 'cancelled', reason: 'manual' } })
      const [command] = await commandsOf(organizationId, 1)
      expect(command).toMatchObject({
        kind: 'cancel',
        webhookId,
        deliveryId: ids[0],
        attempts: 0,
        record: null,
        range: null,
        sequence: 1,
      })
      expect(command!.event).toMatchObject({
        eventId: events[0]!.eventId,
        sequence: 1,
        organizationId,
        recordedAtMs: NOON + 1,
      })
    }
  })
})

describe('a retry', () => {
  it('takes deliveries that were left out, and those that their endpoint did not take in time', async () => {
    const { organizationId, to, ids } = await stage([end('skipped', 'left_out'), end('failed', 'endpoint_unavailable')])
    for (const at of [0, 1])
      expect(await to('retry', at)).toMatchObject({ status: 202, data: { id: ids[at], status: 'retrying' } })
    const found = await commandsOf(organizationId, 2)
    expect(found.map(({ kind, deliveryId: id, record }) => [kind, id, record?.attempts, record?.once])).toEqual(
      ids.map(id => ['retry', id, 0, true]),
    )
    expect(await to('retry', 0)).toMatchObject({ status: 409, code: 'delivery_in_progress' })
  })

  it('that ended without an attempt can be made again, once the history shows its end', async () => {
    const { organizationId, to, events, ids, webhookId } = await stage([end('failed', 'exhausted')])
    expect((await to('retry', 0)).status).toBe(202)
    expect(await to('retry', 0)).toMatchObject({ status: 409, code: 'delivery_in_progress' })
    const step = { ...end('failed', 'endpoint_unavailable'), startedAtMs: NOON + 3_600_000, trigger: 'manual' as const }
    await insertAudit(api.analytics, blocks++, { attempts: [attempt(events[0]!, webhookId, ids[0]!, step)] })
    expect((await to('retry', 0)).status).toBe(202)
    expect(await commandsOf(organizationId, 2)).toHaveLength(2)
  })

  it('says that an attempt is due only where one is', async () => {
    const nextAttemptAtMs = NOON + 86_400_000
    const open: Array<Partial<AttemptRow> | null> = [null, { state: 'retrying', nextAttemptAtMs }]
    const { to } = await stage([...open, end('cancelled', 'manual')])
    const [pending, retrying, cancelled] = [await to('retry', 0), await to('retry', 1), await to('retry', 2)]
    expect([pending.code, messageOf(pending)]).toEqual(['delivery_in_progress', expect.not.stringContaining('due')])
    expect([retrying.code, messageOf(retrying)]).toEqual([
      'delivery_in_progress',
      expect.stringContaining(`due at ${new Date(nextAttemptAtMs).toISOString()}`),
    ])
    expect([cancelled.code, messageOf(cancelled)]).toEqual(['conflict', expect.stringContaining('cancelled (manual)')])
    const off = await stage(open, { active: false })
    for (const at of [0, 1]) expect(await off.to('retry', at)).toMatchObject({ status: 409, code: 'webhook_inactive' })
  })
})

describe('a redrive', () => {
  const redrive = (call: CallAs, body: object) => call('POST', '/api/v1/webhooks/dead-letters/redrive', body)

  it('without ids is a job for all that its filter chooses, with exact counts, and writes no command', async () => {
    const dead = end('failed', 'endpoint_unavailable')
    const answered = { state: 'failed', errorKind: 'status', responseStatus: 503, error: 'HTTP 503' } as const
    const { call, webhookId, events } = await stage([{ state: 'success' }, dead, dead, null, answered, dead])
    const from = new Date(events[2]!.recordedAtMs).toISOString()
    const answer = await redrive(call, { webhookId, from, ratePerSecond: 7 })
    expect(answer).toMatchObject({
      status: 202,
      data: {
        ...{ count: 3, skipped: [], more: false, rangeIds: [], kind: 'redrive', state: 'running' },
        ...{ target: { kind: 'webhook', ids: [webhookId] }, options: { ratePerSecond: 7 } },
        source: { from, deadLetters: { errorKind: null, responseStatus: null } },
      },
    })
    const { id } = answer.data
    expect((await call('GET', `/api/v1/replays/${id}`)).data).toMatchObject({
      ...{ id, kind: 'redrive', progress: { matched: null, processed: 0, succeeded: 0, failed: 0, skipped: 0 } },
    })
    expect((await redrive(call, { responseStatus: 503 })).data).toMatchObject({
      ...{ count: 1, source: { deadLetters: { responseStatus: 503 } } },
    })
    expect((await redrive(call, { errorKind: 'timeout' })).data).toMatchObject({
      ...{ count: 0, state: 'completed', target: { ids: [] } },
    })
    expect((await redrive(call, { type: 'nothing.*', dryRun: true })).data).toMatchObject({
      count: 0,
      countIsExact: true,
    })
    expect((await call('POST', `/api/v1/replays/${id}/cancel`)).data.state).toBe('cancelling')
  })

  it('is one of at most ten under way in an organization', async () => {
    const { call, webhookId } = await stage([end('failed', 'exhausted')])
    for (let n = 0; n < 10; n++) expect((await redrive(call, { webhookId })).status).toBe(202)
    expect(await redrive(call, { webhookId })).toMatchObject({ status: 409, code: 'replay_in_progress' })
  })

  it('leaves out, and counts, those of a webhook that is off, and those whose events are no longer kept', async () => {
    const dead = end('failed', 'exhausted')
    const { call, webhookId, organizationId, events } = await stage([dead, dead], { active: false })
    expect((await redrive(call, { webhookId })).data).toMatchObject({
      ...{ count: 0, skipped: [{ webhookId, count: 2, reason: 'webhook_inactive' }], state: 'completed' },
    })
    const old = matched(9, [webhookId], [], { organizationId, recordedAtMs: NOON - 31 * 86_400_000 })
    const steps = [attempt(old, webhookId, deliveryId(old.eventId!, webhookId), dead)]
    await insertAudit(api.analytics, blocks++, { verdicts: [old], attempts: steps })
    const to = new Date(events[0]!.recordedAtMs - 1).toISOString()
    expect((await redrive(call, { webhookId, to })).data).toMatchObject({
      ...{ count: 0, skipped: [{ webhookId, count: 1, reason: 'payload_expired' }] },
    })
  })

  it('of named deliveries gives a reason for each that is left out: one that waits in the log has not ended', async () => {
    const retrying = { state: 'retrying', nextAttemptAtMs: NOON + 86_400_000 } as const
    const steps = [
      null,
      retrying,
      { state: 'success' },
      end('cancelled', 'manual'),
      end('failed', 'exhausted'),
    ] as const
    const reasonsOf = async ({ call, ids }: Awaited<ReturnType<typeof stage>>) => {
      const { data } = await redrive(call, { deliveryIds: [...ids, 'dlv_none', `dlv_${'0'.repeat(32)}`] })
      const found = new Map(
        data.skipped.map((each: { deliveryId: string; reason: string }) => [each.deliveryId, each.reason]),
      )
      return [...ids, 'dlv_none', `dlv_${'0'.repeat(32)}`].map(id => found.get(id) ?? 'taken')
    }
    const unknown = ['not_found', 'not_found']
    const on = await stage([...steps])
    expect(await reasonsOf(on)).toEqual([
      ...['delivery_in_progress', 'delivery_in_progress', 'not_failed', 'not_failed', 'taken'],
      ...unknown,
    ])
    const off = await stage([...steps], { active: false })
    expect(await reasonsOf(off)).toEqual([
      ...['webhook_inactive', 'webhook_inactive', 'not_failed', 'not_failed', 'webhook_inactive'],
      ...unknown,
    ])
  })

  it('with a rate of its own names no deliveries', async () => {
    const { call } = await stage([])
    const answer = await redrive(call, { deliveryIds: ['dlv_1'], ratePerSecond: 5 })
    expect(answer).toMatchObject({ status: 400, body: { error: { details: [{ path: '/ratePerSecond' }] } } })
  })
})

it('webhooks are shown while ClickHouse hangs, without their counters and with why', async () => {
  const hanging: Server = createServer(() => undefined)
  await new Promise<void>(resolve => hanging.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`
  // Of its own it would wait for two minutes.
  const patient = (database: string) =>
    createAnalyticsClient({ url, database, clock, logger, requestTimeoutMs: 120_000 })
  const waiting = await openTestApi({ openHistory: patient })
  try {
    const { call } = await waiting.organization()
    await call('POST', '/api/v1/webhooks', { url: 'https://example.com/hook', events: ['*'] })
    const [shown] = (await call('GET', '/api/v1/webhooks')).data
    expect(shown).toMatchObject({
      counters: null,
      countersReason: 'history_unavailable',
      waiting: null,
      health: 'healthy',
    })
  } finally {
    await waiting.close()
    hanging.closeAllConnections()
    await new Promise(resolve => hanging.close(resolve))
  }
})

it('parameters are taken as they are written: whole numbers in digits, kinds of entities that there are', async () => {
  const { call } = await api.organization()
  for (const limit of ['1e2', '0x10', '%205', '5.0', '']) {
    const refused = await call('GET', `/api/v1/webhooks?limit=${limit}`)
    expect([limit, refused.status, refused.body.error?.details?.[0]?.path]).toEqual([limit, 400, '/limit'])
  }
  expect((await call('GET', '/api/v1/webhooks?limit=5')).status).toBe(200)
  const nope = await call('GET', '/api/v1/audit?entityType=nope')
  expect([nope.status, nope.code, nope.body.error?.details?.[0]?.path]).toEqual([
    400,
    'validation_failed',
    '/entityType',
  ])
  expect((await call('GET', '/api/v1/audit?entityType=webhook')).status).toBe(200)
})
