/** System notices that follow from work of the platform, on a whole one. One minute of the schedule becomes 20 ms. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'

const ENV = { CLARION_TIME_SCALE: String(1 / 3_000) }
const DAY_MS = 86_400_000
const closing: Array<() => Promise<unknown>> = []
let platform: TestPlatform

beforeAll(async () => {
  platform = await startPlatform({ env: ENV })
}, 120_000)
afterAll(async () => {
  for (const close of closing.splice(0)) await close()
  await platform?.stop()
}, 60_000)

interface Stored {
  kind: string | null
  channel: string
  severity: string
  title: string
  message: string
  environment: string
  data: Record<string, unknown>
  source: { kind: string; id: string }
}

const WITHIN_MS = 60_000

/** The in-app notices of this kind, once there are some. */
async function noticesOf(organization: Pick<TestOrganization, 'call'>, kind: string): Promise<Stored[]> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const { data } = await organization.call<Stored[]>('GET', '/api/v1/notifications?limit=100&channel=in-app')
    const found = data.filter(each => each.kind === kind)
    if (found.length > 0) return found
    if (performance.now() > deadline) throw new Error(`no ${kind} among ${JSON.stringify(data)}`)
    await pause(50)
  }
}

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
  const { data } = await owner.call<Stored[]>('GET', '/api/v1/notifications?limit=100')
  expect(data.filter(({ kind }) => kind === 'federation_peer')).toEqual([])
}, 90_000)

it('a key that expires within a week is told once, when the week begins', async () => {
  const own = await startPlatform({ env: ENV })
  const organization = await own.organization()
  const expiresAt = new Date(Date.now() + 8 * DAY_MS).toISOString()
  const made = await organization.call<{ key: { id: string } }>('POST', '/api/v1/keys', {
    ...{ name: 'soon', environment: 'live', scopes: ['events:read'], expiresAt },
  })
  expect(made.status).toBe(201)
  await own.stop()
  const later = { ...ENV, CLARION_CLOCK_OFFSET_MS: String(2 * DAY_MS) }
  const again = await startPlatform({ env: later, dataDir: own.dataDir })
  closing.push(() => again.stop())
  const back = { call: (...args: [string, string]) => again.call(organization.apiKey, ...args) } as TestOrganization
  const notices = await noticesOf(back, 'key_expiring')
  expect(notices).toMatchObject([{ severity: 'warning', data: { keyId: made.data.key.id, expiresAt } }])
}, 180_000)
