/** System notices that follow from work of the platform, on a whole one. One minute of the schedule becomes 20 ms. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { noticesOf, type StoredNotice } from './stored-notices.ts'

const ENV = { CLARION_TIME_SCALE: String(1 / 3_000) }
const closing: Array<() => Promise<unknown>> = []
let platform: TestPlatform

beforeAll(async () => {
  platform = await startPlatform({ env: ENV })
}, 120_000)
afterAll(async () => {
  for (const close of closing.splice(0)) await close()
  await platform?.stop()
}, 60_000)

async function emit(organization: TestOrganization, count: number): Promise<void> {
  const items = Array.from({ length: count }, () => ({ name: 'platformxe.generic', payload: { kind: 'k' } }))
  expect((await organization.call('POST', '/api/v1/events/custom/emit/batch', { items })).status).toBe(200)
}

async function webhook(organization: TestOrganization, url: string, settings: object = {}): Promise<string> {
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url, events: ['*'], ...settings })
  expect(made.status).toBe(201)
  return made.data.id
}

async function receiver(status: number) {
  const made = await createReceiver({ answer: () => ({ status }) })
  closing.push(() => made.close())
  return made
}

it('a replay that has ended is told with its figures, a dry run is not', async () => {
  const organization = await platform.organization()
  const { url, received } = await receiver(204)
  const id = await webhook(organization, url)
  await emit(organization, 3)
  await received(3)
  const from = new Date(Date.now() - 3_600_000).toISOString()
  const target = { kind: 'webhook', ids: [id] }
  const dry = await organization.call<{ id: string }>('POST', '/api/v1/replays', {
    ...{ source: { from }, target, options: { dryRun: true } },
  })
  expect(dry.status).toBe(202)
  const made = await organization.call<{ id: string }>('POST', '/api/v1/replays', { source: { from }, target })
  expect(made.status).toBe(202)
  const notices = await noticesOf(organization, 'replay_finished')
  expect(notices).toMatchObject([{ severity: 'info', source: { kind: 'system', id: made.data.id } }])
  expect(notices[0]!.message).toContain('Matched: 3')
}, 90_000)

it('deliveries that end as dead letters in bulk are told once for their webhook', async () => {
  const organization = await platform.organization()
  const failing = await receiver(500)
  const id = await webhook(organization, failing.url, { retry: { delays: [0, '90m'] } })
  // More than a hundred wait and all attempts fail: the webhook is held, and what it is owed expires.
  for (let round = 0; round < 6; round++) await emit(organization, 300)
  const [notice, ...more] = await noticesOf(organization, 'dead_letters')
  expect(notice).toMatchObject({
    ...{ severity: 'warning', source: { kind: 'system', id } },
    data: { webhookId: id, reason: 'endpoint_unavailable' },
  })
  expect(more).toEqual([])
}, 120_000)

it('a membership that the other side pauses is told to this side alone', async () => {
  const [owner, peer] = [await platform.organization(), await platform.organization()]
  const groups = '/api/v1/events/custom/federation/groups'
  const group = await owner.call<{ id: string }>('POST', groups, { name: 'Partners' })
  const invite = await owner.call<{ id: string }>('POST', `${groups}/${group.data.id}/invite`, {
    memberOrganizationId: peer.org.id,
  })
  expect(invite.status).toBe(201)
  const of = `${groups}/${group.data.id}`
  expect((await peer.call('POST', `${of}/accept`)).status).toBe(200)
  expect((await owner.call('POST', `${of}/members/${invite.data.id}/pause`)).status).toBe(200)
  expect(await noticesOf(peer, 'federation_peer')).toMatchObject([{ severity: 'warning' }])
  const { data } = await owner.call<StoredNotice[]>('GET', '/api/v1/notifications?limit=100')
  expect(data.filter(({ kind }) => kind === 'federation_peer')).toEqual([])
}, 90_000)
