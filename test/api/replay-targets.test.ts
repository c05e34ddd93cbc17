/** To whom a replay may go, by whose key, and what it shows. No engine runs here: replays stay as they were started. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ReplayItemRow } from '../../topics/audit-replays.ts'
import { attempt, matched, NOON } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { type CallAs, openTestApi, type TestApi } from './api-harness.ts'
import { ago, ask, HOUR, hook, placeOf, toWebhooks } from './replay-calls.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
}, 120_000)
afterAll(() => api?.close())

const FEDERATION = '/api/v1/events/custom/federation'
let blocks = 95_000

describe('the targets of a replay', () => {
  it('are one or many of a kind, each under one replay at a time, and three replays for an organization', async () => {
    const { call } = await api.organization('PRO')
    const ids = [await hook(call), await hook(call), await hook(call), await hook(call)]
    const source = { from: ago(HOUR) }
    const first = await ask(call, source, toWebhooks(ids[0]!, ids[1]!))
    expect(first.data.targets.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2))
    const busy = await ask(call, source, toWebhooks(ids[2]!, ids[1]!))
    expect([busy.status, busy.code, placeOf(busy)]).toEqual([409, 'replay_in_progress', '/target/ids/1'])
    const subscription = ids[0]!.replace('wh_', 'evs_')
    expect((await ask(call, source, { kind: 'subscription', ids: [subscription] })).code).toBe('replay_in_progress')
    expect((await ask(call, source, { kind: 'original' })).code).toBe('replay_in_progress')
    expect((await ask(call, source, toWebhooks(ids[2]!))).status).toBe(202)
    expect((await ask(call, source, { kind: 'subscription', ids: [ids[3]!.replace('wh_', 'evs_')] })).status).toBe(202)
    const fifth = await hook(call)
    expect((await ask(call, source, toWebhooks(fifth))).code).toBe('replay_in_progress')
    // A dry run hands nothing over.
    const counted = await Promise.all([1, 2, 3].map(() => ask(call, source, toWebhooks(ids[0]!), { dryRun: true })))
    expect(counted.map(({ status }) => status)).toEqual([202, 202, 202])
    expect((await ask(call, source, toWebhooks(fifth), { dryRun: true })).code).toBe('replay_in_progress')
  })

  it('are all who subscribe now, if they are the original ones, in the environment of the key', async () => {
    const { call } = await api.organization('PRO')
    const key = await call('POST', '/api/v1/keys', { name: 't', environment: 'test', scopes: ['webhooks:manage'] })
    const test = api.as(key.data.apiKey)
    const [live, other, ofTest] = [await hook(call), await hook(call), await hook(test)]
    await call('PATCH', `/api/v1/webhooks/${other}`, { active: false })
    const lifecycle = await hook(call, ['WEBHOOK_CREATED'])
    const made = await ask(call, { from: ago(HOUR) }, { kind: 'original' })
    expect(made.data.target).toEqual({ kind: 'original', ids: [] })
    expect(made.data.targets.map(({ id }: { id: string }) => id)).toEqual([live, other])
    const more = await ask(call, { from: ago(HOUR) }, { kind: 'original' }, { includeLifecycle: true, dryRun: true })
    expect(more.data.targets.map(({ id }: { id: string }) => id)).toEqual([live, other, lifecycle])
    const tested = await ask(test, { from: ago(HOUR) }, { kind: 'original' })
    expect(tested.data.targets.map(({ id }: { id: string }) => id)).toEqual([ofTest])
    expect((await test('GET', `/api/v1/replays/${made.data.id}`)).status).toBe(404)
    expect((await ask(test, { from: ago(HOUR) }, toWebhooks(live))).status).toBe(404)
    // Nor does another organization reach any of it.
    const stranger = await api.organization('PRO')
    expect((await ask(stranger.call, { from: ago(HOUR) }, toWebhooks(live))).code).toBe('not_found')
    expect((await stranger.call('GET', '/api/v1/replays')).data).toEqual([])
    for (const path of ['', '/items'])
      expect((await stranger.call('GET', `/api/v1/replays/${made.data.id}${path}`)).status).toBe(404)
    for (const command of ['pause', 'resume', 'cancel'])
      expect((await stranger.call('POST', `/api/v1/replays/${made.data.id}/${command}`)).status).toBe(404)
  })

  it('may be nobody: the replay is complete at once', async () => {
    const { call } = await api.organization('PRO')
    const { data } = await ask(call, { from: ago(HOUR) }, { kind: 'original' })
    expect([data.state, data.targets, data.progress.matched]).toEqual(['completed', [], 0])
    expect((await call('POST', `/api/v1/replays/${data.id}/cancel`)).code).toBe('replay_not_running')
  })

  it('are at most a hundred', async () => {
    const { call } = await api.organization('ENTERPRISE')
    for (let n = 0; n < 101; n++) await hook(call)
    const refused = await ask(call, { from: ago(HOUR) }, { kind: 'original' })
    expect([refused.status, refused.code, placeOf(refused)]).toEqual([400, 'too_many_targets', '/target/kind'])
  }, 60_000)

  it('are members of own groups, in the live environment, with the scope and the plan for it', async () => {
    const owner = await api.organization('ENTERPRISE')
    const [member, stranger, poor] = [
      await api.organization('ENTERPRISE'),
      await api.organization('ENTERPRISE'),
      await api.organization('PRO'),
    ]
    const group = (await owner.call('POST', `${FEDERATION}/groups`, { name: 'Partners' })).data.id
    const invited = (
      await owner.call('POST', `${FEDERATION}/groups/${group}/invite`, { memberOrganizationId: member.id })
    ).data
    const target = { kind: 'federation_member', ids: [invited.id] }
    const source = { from: ago(HOUR) }
    expect((await ask(owner.call, source, target)).code).toBe('member_not_accepted')
    await member.call('POST', `${FEDERATION}/groups/${group}/accept`, {})
    const asked = async (call: CallAs, of: object = target) => {
      const reply = await ask(call, source, of)
      return [reply.status, reply.code]
    }
    expect(await asked(member.call)).toEqual([403, 'not_group_owner'])
    expect(await asked(stranger.call)).toEqual([404, 'federation_member_not_found'])
    expect(await asked(poor.call)).toEqual([402, 'federation_not_available'])
    expect(await asked(owner.call, { ...target, ids: ['cefm_none'] })).toEqual([404, 'federation_member_not_found'])
    const keyWith = async (environment: string, scopes: string[]) =>
      api.as((await owner.call('POST', '/api/v1/keys', { name: 'k', environment, scopes })).data.apiKey)
    expect(await asked(await keyWith('test', ['federation:manage']))).toEqual([403, 'live_environment_only'])
    expect(await asked(await keyWith('live', ['webhooks:manage']))).toEqual([403, 'insufficient_scope'])
    const federated = await keyWith('live', ['federation:manage'])
    const made = await ask(federated, source, target)
    expect([made.status, made.data.targets[0].id]).toEqual([202, invited.id])
    const webhook = await hook(owner.call)
    expect(await asked(federated, toWebhooks(webhook))).toEqual([403, 'insufficient_scope'])
    const webhooks = await keyWith('live', ['webhooks:manage'])
    expect((await webhooks('GET', `/api/v1/replays/${made.data.id}`)).status).toBe(200)
    expect((await webhooks('POST', `/api/v1/replays/${made.data.id}/pause`)).code).toBe('insufficient_scope')
    expect((await federated('POST', `/api/v1/replays/${made.data.id}/pause`)).data.state).toBe('paused')
    const none = await keyWith('live', ['events:read'])
    expect((await none('GET', '/api/v1/replays')).code).toBe('insufficient_scope')
  })

  it('include members and external peers of an original one only where that is asked for', async () => {
    const { call } = await api.organization('ENTERPRISE')
    const webhook = await hook(call)
    const group = (await call('POST', `${FEDERATION}/groups`, { name: 'Partners' })).data.id
    const peer = await call('POST', `${FEDERATION}/groups/${group}/external-peers`, {
      ...{ label: 'auditor', webhookUrl: 'https://peer.example.com/in' },
    })
    const idsOf = async (options: object) => {
      const { data } = await ask(call, { from: ago(HOUR) }, { kind: 'original' }, { dryRun: true, ...options })
      return data.targets.map(({ kind, id }: { kind: string; id: string }) => [kind, id])
    }
    expect(await idsOf({})).toEqual([['webhook', webhook]])
    expect(await idsOf({ includeFederation: true })).toEqual([
      ['webhook', webhook],
      ['federation_member', peer.data.peer.id],
    ])
  })
})

describe('the allowance of a plan', () => {
  it('is none for Free, which may still count, and is what the day has left', async () => {
    const free = await api.organization('FREE')
    const id = await hook(free.call)
    const refused = await ask(free.call, { from: ago(HOUR) }, toWebhooks(id))
    expect([refused.status, refused.code]).toEqual([402, 'replay_quota_exceeded'])
    expect((await ask(free.call, { from: ago(HOUR) }, toWebhooks(id), { dryRun: true })).status).toBe(202)
  })

  it('is used by what was handed over today, to members too', async () => {
    const { id: organizationId, call } = await api.organization('BASIC')
    const [id, other] = [await hook(call), await hook(call)]
    const { data } = await ask(call, { from: ago(HOUR) }, toWebhooks(id))
    const items = Array.from({ length: 1_000 }, (_, n) =>
      itemOf(organizationId, data.id, { targetId: 'cefm_1', sequence: n, eventId: `evt_${n}`, outcome: 'delivered' }),
    )
    await insertAudit(api.analytics, blocks++, { items })
    expect((await ask(call, { from: ago(HOUR) }, toWebhooks(other))).code).toBe('replay_quota_exceeded')
  })
})

const itemOf = (organizationId: string, replayId: string, facts: Partial<ReplayItemRow>): ReplayItemRow => ({
  ...{ replayId, organizationId, environment: 'live', targetKind: 'webhook', targetId: 'wh_1', eventId: 'evt_1' },
  ...{ emitId: 'cee_1', eventType: 'a.b', canonicalName: 'TENANT_CUSTOM:o:a.b@1.0.0', sequence: 1, recordedAtMs: NOON },
  ...{ outcome: 'skipped', reason: null, atMs: Date.now(), ...facts },
})

it('the items of a replay are its deliveries and what was not delivered, in the order of their events and by target', async () => {
  const { id: organizationId, call } = await api.organization('PRO')
  const ids = [await hook(call), await hook(call)].sort()
  const { data: replay } = await ask(call, { from: ago(HOUR) }, toWebhooks(...ids))
  const events = [1, 2, 3].map(n => matched(n, ids, [], { organizationId, sequence: n }))
  const again = { trigger: 'replay', replayId: replay.id } as const
  await insertAudit(api.analytics, blocks++, {
    attempts: [
      attempt(events[0]!, ids[0]!, `dlv_${'1'.repeat(32)}`, again),
      attempt(events[2]!, ids[0]!, `dlv_${'2'.repeat(32)}`, { ...again, state: 'failed', reason: 'exhausted' }),
    ],
    items: [
      itemOf(organizationId, replay.id, {
        targetId: ids[0]!,
        sequence: 2,
        eventId: events[1]!.eventId!,
        reason: 'erased',
      }),
      ...[1, 2, 3].map(n =>
        itemOf(organizationId, replay.id, {
          targetId: ids[1]!,
          sequence: n,
          eventId: events[n - 1]!.eventId!,
          reason: 'inactive',
        }),
      ),
    ],
  })
  const expected = [
    [1, ids[0], 'delivered', null],
    [1, ids[1], 'skipped', 'inactive'],
    [2, ids[0], 'skipped', 'erased'],
    [2, ids[1], 'skipped', 'inactive'],
    [3, ids[0], 'failed', 'exhausted'],
    [3, ids[1], 'skipped', 'inactive'],
  ]
  interface Item {
    sequence: number
    target: { id: string }
    outcome: string
    reason: string | null
  }
  const shown = ({ sequence, target, outcome, reason }: Item) => [sequence, target.id, outcome, reason]
  for (const limit of [1, 2, 4, 100]) {
    const found: Item[] = []
    for (let cursor: string | null | undefined = ''; cursor !== null; ) {
      const path = `/api/v1/replays/${replay.id}/items?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`
      const page = await call('GET', path)
      found.push(...page.data)
      cursor = page.meta.nextCursor ?? null
    }
    expect(found.map(shown)).toEqual(expected)
  }
  const { data } = await call('GET', `/api/v1/replays/${replay.id}`)
  expect(data.progress).toMatchObject({ processed: 6, succeeded: 1, failed: 1, skipped: 4 })
  expect(data.targets.map(({ progress }: { progress: object }) => progress)).toMatchObject([
    { processed: 3, succeeded: 1, failed: 1, skipped: 1 },
    { processed: 3, succeeded: 0, failed: 0, skipped: 3 },
  ])
})
