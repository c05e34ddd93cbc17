/** What a replay may be asked for. No engine runs here: replays stay as they were started. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { matched } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { openTestApi, type TestApi } from './api-harness.ts'
import { ago, ask, DAY, HOUR, hook, placeOf, toWebhooks } from './replay-calls.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
}, 120_000)
afterAll(() => api?.close())

let blocks = 90_000

describe('the request of a replay', () => {
  it('names the place of what is wrong with it', async () => {
    const { call } = await api.organization('PRO')
    const id = await hook(call)
    const from = ago(HOUR)
    const cases: Array<[object, number, string, string | undefined]> = [
      [{ source: { from } }, 400, 'validation_failed', '/target'],
      [{ target: toWebhooks(id) }, 400, 'validation_failed', '/source'],
      [{ source: {}, target: toWebhooks(id) }, 400, 'validation_failed', '/source'],
      [{ source: { from: 'yesterday' }, target: toWebhooks(id) }, 400, 'validation_failed', '/source/from'],
      [{ source: { from, eventIds: ['evt_1'] }, target: toWebhooks(id) }, 400, 'validation_failed', '/source/from'],
      [{ source: { to: from, eventIds: ['evt_1'] }, target: toWebhooks(id) }, 400, 'validation_failed', '/source/to'],
      [{ source: { eventIds: [] }, target: toWebhooks(id) }, 400, 'validation_failed', '/source/eventIds'],
      [
        { source: { eventIds: ['evt_1', 'evt_1'] }, target: toWebhooks(id) },
        400,
        'validation_failed',
        '/source/eventIds',
      ],
      [
        { source: { eventIds: Array.from({ length: 1_001 }, (_, n) => `evt_${n}`) }, target: toWebhooks(id) },
        ...([400, 'validation_failed', '/source/eventIds'] as const),
      ],
      [
        { source: { from, selectors: ['a b'] }, target: toWebhooks(id) },
        400,
        'invalid_event_selector',
        '/source/selectors/0',
      ],
      [
        {
          source: { from, conditions: { all: [{ path: 'payload.n', operator: 'nearly', value: 1 }] } },
          target: toWebhooks(id),
        },
        ...([400, 'validation_failed', '/source/conditions/all/0/operator'] as const),
      ],
      [{ source: { from, to: ago(2 * HOUR) }, target: toWebhooks(id) }, 400, 'invalid_range', '/source/from'],
      [{ source: { from, to: from }, target: toWebhooks(id) }, 400, 'invalid_range', '/source/from'],
      [{ source: { from, to: ago(-HOUR) }, target: toWebhooks(id) }, 400, 'invalid_range', '/source/to'],
      [
        { source: { from: ago(40 * DAY), to: ago(31 * DAY) }, target: toWebhooks(id) },
        410,
        'outside_retention',
        '/source/to',
      ],
      [{ source: { from }, target: { kind: 'webhook' } }, 400, 'validation_failed', '/target/ids'],
      [{ source: { from }, target: { kind: 'webhook', ids: [] } }, 400, 'validation_failed', '/target/ids'],
      [{ source: { from }, target: { kind: 'topic', ids: ['x'] } }, 400, 'validation_failed', '/target/kind'],
      [{ source: { from }, target: { kind: 'original', ids: [id] } }, 400, 'validation_failed', '/target/ids'],
      [{ source: { from }, target: toWebhooks(id, id) }, 400, 'validation_failed', '/target/ids'],
      [
        { source: { from }, target: toWebhooks(...Array.from({ length: 101 }, (_, n) => `wh_${n}`)) },
        ...([400, 'validation_failed', '/target/ids'] as const),
      ],
      [{ source: { from }, target: toWebhooks(id, 'wh_none') }, 404, 'not_found', '/target/ids/1'],
      [{ source: { from }, target: { kind: 'queue', ids: ['que_none'] } }, 404, 'not_found', '/target/ids/0'],
      [{ source: { from }, target: { kind: 'workflow', ids: ['wf_none'] } }, 404, 'not_found', '/target/ids/0'],
      [{ source: { from }, target: { kind: 'sink', ids: ['snk_none'] } }, 404, 'not_found', '/target/ids/0'],
      [{ source: { from }, target: { kind: 'subscription', ids: ['evs_none'] } }, 404, 'not_found', '/target/ids/0'],
      [
        { source: { from }, target: { kind: 'queue', ids: ['que_none'] }, options: { onlyFailed: true } },
        ...([400, 'validation_failed', '/options/onlyFailed'] as const),
      ],
      [
        { source: { from }, target: toWebhooks(id), options: { ratePerSecond: 501 } },
        400,
        'validation_failed',
        '/options/ratePerSecond',
      ],
      [{ source: { from }, target: toWebhooks(id), from }, 400, 'validation_failed', '/from'],
      [{ webhookId: id, from, target: toWebhooks(id) }, 400, 'validation_failed', '/target'],
      [{ webhookId: id }, 400, 'validation_failed', '/from'],
      [{ webhookId: id, from, to: ago(2 * HOUR) }, 400, 'invalid_range', '/from'],
    ]
    for (const [body, status, code, path] of cases) {
      const reply = await call('POST', '/api/v1/replays', body)
      expect([body, reply.status, reply.code, placeOf(reply)]).toEqual([body, status, code, path])
    }
    expect((await call('GET', '/api/v1/replays')).data).toEqual([])
    const recover = await call('POST', `/api/v1/webhooks/${id}/recover`, { since: ago(-HOUR) })
    expect([recover.code, placeOf(recover)]).toEqual(['invalid_range', '/since'])
  })

  it('in its older form makes the same replay to one webhook, which is shown with all its fields', async () => {
    const { call } = await api.organization('PRO')
    const id = await hook(call)
    const from = ago(HOUR)
    const made = await call('POST', '/api/v1/replays', {
      webhookId: id,
      from,
      selectors: ['shop.sold'],
      ratePerSecond: 7,
    })
    expect(made.status).toBe(202)
    expect(made.data).toMatchObject({
      ...{ kind: 'replay', state: 'running', target: { kind: 'webhook', ids: [id] }, warnings: [] },
      source: { from, selectors: ['shop.sold'], subject: null, conditions: null, eventIds: null },
      options: { ratePerSecond: 7, onlyFailed: false, includeFederation: false, dryRun: false, force: false },
      targets: [{ kind: 'webhook', id, state: 'running', stateReason: null }],
      progress: { matched: null, processed: 0, succeeded: 0, failed: 0, skipped: 0, expired: 0, lastRecordedAt: null },
    })
    expect((await call('GET', `/api/v1/replays/${made.data.id}`)).data).toEqual(made.data)
    expect((await call('GET', '/api/v1/replays?state=running')).data).toEqual([made.data])
  })

  it('is cut to what is kept, and says so', async () => {
    const { call } = await api.organization('PRO')
    const id = await hook(call)
    const { data } = await ask(call, { from: ago(40 * DAY) }, toWebhooks(id), { dryRun: true })
    expect(data.warnings).toEqual(['range_clamped'])
    expect(Date.parse(data.source.from)).toBeGreaterThan(Date.now() - 30 * DAY - 60_000)
    const other = await ask(call, { from: ago(HOUR) }, toWebhooks(id), { dryRun: true })
    expect(other.data.warnings).toEqual([])
  })

  it('begins at no cursor of another organization or environment, nor at a changed one', async () => {
    const { id: organizationId, call } = await api.organization('PRO')
    const other = await api.organization('PRO')
    const id = await hook(call)
    const own = api.streaming.cursors.encode({ organizationId, environment: 'live' }, [0n])
    const cursors = [
      api.streaming.cursors.encode({ organizationId: other.id, environment: 'live' }, [0n]),
      api.streaming.cursors.encode({ organizationId, environment: 'test' }, [0n]),
      own.slice(0, -1),
      `${own.slice(0, -1)}${own.endsWith('A') ? 'B' : 'A'}`,
    ]
    for (const from of cursors) {
      const refused = await ask(call, { from }, toWebhooks(id))
      expect([refused.status, refused.code, placeOf(refused)]).toEqual([400, 'invalid_cursor', '/source/from'])
    }
    const ofRoute = await call('POST', `/api/v1/webhooks/${id}/replay`, { from: cursors[0] })
    expect([ofRoute.code, placeOf(ofRoute)]).toEqual(['invalid_cursor', '/from'])
  })

  it('needs selectors where the target selects nothing that is replayed', async () => {
    const { call } = await api.organization('PRO')
    const id = await hook(call, ['WEBHOOK_CREATED'])
    const from = ago(HOUR)
    const refused = await ask(call, { from }, toWebhooks(id))
    expect([refused.status, refused.code, placeOf(refused)]).toEqual([400, 'selector_required', '/source/selectors'])
    expect((await ask(call, { from }, toWebhooks(id), { includeLifecycle: true, dryRun: true })).status).toBe(202)
    expect((await ask(call, { from, selectors: ['*'] }, toWebhooks(id), { dryRun: true })).status).toBe(202)
  })

  it('finds the events that it names, and none of others', async () => {
    const { id: organizationId, call } = await api.organization('PRO')
    const other = await api.organization('PRO')
    const id = await hook(call)
    const at = Date.now() - 5 * HOUR
    const [own, foreign] = [
      matched(1, [id], [], { organizationId, recordedAtMs: at }),
      matched(2, [id], [], { organizationId: other.id, recordedAtMs: at }),
    ]
    await insertAudit(api.analytics, blocks++, { verdicts: [own, foreign] })
    const refused = await ask(call, { eventIds: [own.eventId, foreign.eventId, 'evt_none'] }, toWebhooks(id))
    expect([refused.status, refused.code]).toEqual([404, 'not_found'])
    expect(refused.body.error?.details?.map(({ path }) => path)).toEqual(['/source/eventIds/1', '/source/eventIds/2'])
    const made = await ask(call, { eventIds: [own.eventId] }, toWebhooks(id))
    expect([made.status, made.data?.source]).toEqual([
      202,
      {
        from: null,
        to: null,
        selectors: [],
        subject: null,
        conditions: null,
        eventIds: [own.eventId],
        deadLetters: null,
      },
    ])
  })
})
