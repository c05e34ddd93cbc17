/** The check of the ledger against a whole platform: what it must not object to, and what it must find. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type AnalyticsClient, createAnalyticsClient } from '../../src/analytics/client.ts'
import { createSystemClock } from '../../src/clock.ts'
import type { Finding } from '../../src/ledger/finding.ts'
import { createLogger } from '../../src/logger.ts'
import { events } from '../../topics/events.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { audited, checkLedger, emitMany, generic } from './checked.ts'

const clock = createSystemClock()

let platform: TestPlatform
let analytics: AnalyticsClient
beforeAll(async () => {
  platform = await startPlatform()
  const url = connectionsOf(platform).clickhouseUrl
  analytics = createAnalyticsClient({ url, database: 'clarion', clock, logger: createLogger('silent') })
}, 120_000)
afterAll(async () => {
  await analytics?.close()
  await platform?.stop()
})

/** From now on the peer gets what the owner emits as `order.made`. */
async function share(owner: TestOrganization, peer: TestOrganization) {
  const custom = '/api/v1/events/custom'
  const template = {
    namespace: owner.slug,
    name: 'order.made',
    version: '1.0.0',
    status: 'published',
    payloadSchema: { type: 'object' },
  }
  const { data: made } = await owner.call<{ id: string }>('POST', custom, template)
  const { data: group } = await owner.call<{ id: string }>('POST', `${custom}/federation/groups`, { name: 'partners' })
  const path = `${custom}/federation/groups/${group.id}`
  await owner.call('POST', `${path}/invite`, { memberOrganizationId: peer.org.id })
  await peer.call('POST', `${path}/accept`)
  expect((await owner.call('POST', `${path}/pushes`, { registrationId: made.id })).status).toBe(201)
}

const check = (of?: string) => checkLedger(platform, of)

/** The in-app notices of the findings. */
async function toldOfDrift(organization: TestOrganization, count: number) {
  for (let tries = 0; tries < patient(200); tries++) {
    const { data } = await organization.call<Array<{ kind: string; severity: string; title: string }>>(
      ...(['GET', '/api/v1/notifications?channel=in-app'] as const),
    )
    const notices = data.filter(({ kind }) => kind === 'drift_critical')
    if (notices.length >= count) return notices.map(({ severity, title }) => [severity, title])
    await clock.sleep(100)
  }
  throw new Error('no notice of the finding came')
}

describe('the ledger', () => {
  it('agrees after a load of both environments, while more is coming in', async () => {
    const organization = await platform.organization()
    const key = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 't', environment: 'test', scopes: ['events:emit'] },
    })
    const trial = {
      call: ((method, path, body) => platform.call(key.data.apiKey, method, path, body)) as TestOrganization['call'],
    }
    await Promise.all([emitMany(organization, 300), emitMany(trial, 50)])
    // Numbered and in the log, but on no quota: what the platform itself emits, and what a peer shares.
    const owner = await platform.organization()
    await share(owner, organization)
    await emitMany(owner, 10, { name: `${owner.slug}.order.made`, payload: {} })
    await organization.call('POST', '/api/v1/webhooks', { url: 'http://127.0.0.1:9/in', events: ['API_KEY_CREATED'] })
    await organization.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    await organization.call('POST', '/api/v1/events/custom/emit', { name: 'no.such', payload: {} })
    const coming = emitMany(organization, 200)
    const report = await check()
    await coming
    expect(report).toMatchObject({ consistent: true, findings: [], skipped: [] })
    expect(report.organizations).toBeGreaterThanOrEqual(1)
    expect(await check(organization.org.id)).toMatchObject({ consistent: true, organizations: 1 })
    const last = await organization.call<{ sequence: number; quota: { used: number } }>(
      'POST',
      '/api/v1/events/custom/emit',
      generic('last'),
    )
    expect(last.data.quota.used).toBe(501)
    expect(last.data.sequence).toBeGreaterThan(501)
  })

  it('names each row that was removed behind its back, once, and reports when it is there again', async () => {
    const organization = await platform.organization()
    const { id } = organization.org
    await emitMany(organization, 20)
    expect(await check(id)).toMatchObject({ consistent: true })
    const [kept] = await analytics.query<Record<string, unknown>>(
      'SELECT * FROM emits WHERE organizationId = {id:String} AND sequence = 7',
      { id },
    )
    await analytics.command(
      'ALTER TABLE emits DELETE WHERE organizationId = {id:String} AND sequence = 7 SETTINGS mutations_sync = 1',
      {
        id,
      },
    )

    const { findings } = await check(id)
    const month = new Date(clock.nowMs()).toISOString().slice(0, 7)
    const facts = findings.map(({ check: checked, month: of, expected, actual }: Finding) => ({
      checked,
      of,
      expected,
      actual,
    }))
    expect(facts.sort((a, b) => (a.checked < b.checked ? -1 : 1))).toEqual([
      { checked: 'counter', of: month, expected: 20, actual: 19 },
      { checked: 'sequence', of: null, expected: 20, actual: 19 },
      { checked: 'usage', of: month, expected: 19, actual: 20 },
    ])
    expect(findings.find(each => each.check === 'sequence')?.missing).toEqual(['7'])
    await check(id)
    const rows = await audited(organization, 3)
    expect(rows.map(row => row.type)).toEqual(Array(3).fill('DRIFT_DETECTED'))
    expect(rows.map(row => row.data.kind)).toEqual(Array(3).fill('ledger'))
    expect(await toldOfDrift(organization, 3)).toEqual(Array(3).fill(['critical', 'Figures that must agree do not']))
    const shown = await platform.call<{ findings: Array<{ organizationId: string }> }>(
      platform.adminKey,
      'GET',
      '/api/v1/ledger',
    )
    expect(shown.data.findings.filter(each => each.organizationId === id)).toHaveLength(3)
    expect(platform.log()).toContain('the ledger does not agree')

    const body = [Buffer.from(JSON.stringify(kept))]
    await analytics.insert(
      { table: 'emits', format: 'JSONEachRow', body, rows: 1, token: 'put back' },
      new AbortController().signal,
    )
    expect((await check(id)).findings.map(each => each.check)).toEqual(['usage'])
    const resolved = (await audited(organization, 5)).filter(row => row.type === 'DRIFT_RESOLVED')
    expect(resolved.map(row => row.data.finding).sort()).toEqual([`counter/live/${month}`, 'sequence/live/-'])
  })

  it('passes over a record in the log that nobody has numbered', async () => {
    const organization = await platform.organization()
    const { id } = organization.org
    await emitMany(organization, 2)
    const producer = createClient(connectionsOf(platform).kafka).producer()
    await producer.connect()
    await producer.send({ topic: events.nameFor(id, 'live'), messages: [{ value: '{}' }] })
    await producer.disconnect()
    expect(await check(id)).toMatchObject({ consistent: true, findings: [] })
  })
})
