/** Drift as callers meet it: what is found when something changes, what people make of it, and manifests. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { DriftWatch } from '../../src/control-plane/drift/watch.ts'
import type { DriftFinding } from '../../src/model/drift.ts'
import { until } from '../support/until.ts'
import { openTestApi, type TestApi } from './api-harness.ts'
import { GROUPS, groupOf, joined, type Org } from './federation-calls.ts'

let api: TestApi
let watch: DriftWatch
beforeAll(async () => {
  api = await openTestApi({ timeScale: 0.01 })
  watch = api.controlPlane.drift.startWatch()
})
afterAll(async () => {
  await watch?.close()
  await api?.close()
})

const EVENTS = '/api/v1/events/custom'
const MARKET = `${EVENTS}/marketplace`
const DRIFT = '/api/v1/drift'
const closed = (...names: string[]) => ({
  ...{ type: 'object', additionalProperties: false },
  properties: Object.fromEntries(names.map(name => [name, { type: 'string' }])),
})
const said = ({ status, code }: { status: number; code: string | undefined }) => [status, code]

async function register(org: Org, more: object = {}) {
  const made = await org.call('POST', EVENTS, {
    ...{ namespace: org.slug, name: 'order.made', version: '1.0.0', payloadSchema: closed('id') },
    ...{ status: 'published', ...more },
  })
  expect([made.code, made.status]).toEqual([undefined, 201])
  return made.data as { id: string; canonicalName: string; schemaHash: string; payloadSchema: object }
}

/** The findings of a kind, as soon as they are so. */
const findings = (org: Org, kind: string, holds: (all: DriftFinding[]) => boolean): Promise<DriftFinding[]> =>
  until(async () => (await org.call('GET', `${DRIFT}/findings?kind=${kind}`)).data, holds)
const isOne = (status: string) => (all: DriftFinding[]) => all.length === 1 && all[0]!.status === status

describe('a webhook whose event is archived', () => {
  it('is a finding, until its selector matches again; acknowledged and ignored by people', async () => {
    const org = await api.organization('PRO')
    const { id } = await register(org)
    const hook = await org.call('POST', '/api/v1/webhooks', {
      ...{ url: 'https://hooks.example.com/a', name: 'Billing' },
      events: [`${org.slug}.order.made`, 'never.registered', '*'],
    })
    await org.call('POST', `${EVENTS}/${id}/archive`)
    const [found] = await findings(org, 'subscription_target', isOne('open'))
    expect(found).toMatchObject({
      ...{ severity: 'warning', entityType: 'webhook', entityId: hook.data.id, occurrences: 1 },
      ...{ expected: { selectors: 3 }, actual: { matching: 2 } },
      diff: [{ path: '/events/0', change: `selector_matches_nothing ${org.slug}.order.made` }],
    })
    expect((await org.call('GET', `${DRIFT}/findings/${found!.id}`)).data).toEqual(found)
    const known = await org.call('POST', `${DRIFT}/findings/${found!.id}/acknowledge`, { note: 'we know' })
    expect(known.data).toMatchObject({ status: 'acknowledged', note: 'we know', revision: 2 })
    const counts = (await org.call('GET', `${DRIFT}/summary`)).data
    expect(counts).toMatchObject({ open: 1, bySeverity: { warning: 1 }, byKind: { subscription_target: 1 } })
    await register(org, { version: '1.1.0' })
    const [over] = await findings(org, 'subscription_target', isOne('resolved'))
    expect(over).toMatchObject({ id: found!.id, resolvedAt: expect.any(String) })
    expect(said(await org.call('POST', `${DRIFT}/findings/${found!.id}/resolve`))).toEqual([409, 'conflict'])
    const other = await api.organization('PRO')
    expect(said(await other.call('GET', `${DRIFT}/findings/${found!.id}`))).toEqual([404, 'not_found'])
    expect((await org.call('GET', `${DRIFT}/findings?entity=${hook.data.id}&status=open`)).data).toEqual([])
  })

  it('among many that lose theirs at once is part of one finding', async () => {
    const org = await api.organization('ENTERPRISE')
    const { id } = await register(org)
    for (let at = 0; at < 25; at++)
      await org.call('POST', '/api/v1/webhooks', {
        ...{ url: `https://hooks.example.com/${at}`, events: [`${org.slug}.order.made@1.0.0`] },
      })
    await org.call('POST', `${EVENTS}/${id}/archive`)
    const [found] = await findings(org, 'subscription_target', isOne('open'))
    expect(found).toMatchObject({ entityType: 'organization', entityId: org.id, actual: { count: 25 } })
  })
})

describe('a fork whose source has a newer version', () => {
  it('is told so with the class of the difference, until it is forked again', async () => {
    const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
    const publish = async (more: object) =>
      (
        await publisher.call('POST', `${MARKET}/publish`, {
          ...{ title: 'Orders', registrationId: (await register(publisher, more)).id },
        })
      ).data as { id: string }
    const first = await publish({})
    const copy = { namespace: forker.slug, name: 'copy' }
    const fork = (await forker.call('POST', `${MARKET}/${first.id}/fork`, copy)).data.fork
    const second = await publish({ version: '1.1.0', payloadSchema: closed('id', 'more') })
    const [found] = await findings(forker, 'fork_upstream', isOne('open'))
    expect(found).toMatchObject({
      ...{ severity: 'info', entityType: 'fork', entityId: fork.id, canonicalName: fork.forkCanonicalName },
      expected: { listingId: first.id, version: '1.0.0' },
      actual: { listingId: second.id, version: '1.1.0', compatibility: 'minor' },
    })
    const third = await publish({ version: '2.0.0', payloadSchema: closed('other') })
    const all = await findings(forker, 'fork_upstream', each => each.length === 2)
    expect(all.map(each => [each.status, each.actual?.compatibility])).toEqual([
      ['open', 'major'],
      ['resolved', 'minor'],
    ])
    const again = await forker.call('POST', `${MARKET}/${third.id}/fork`, { ...copy, version: '2.0.0' })
    expect(again.status).toBe(201)
    await findings(forker, 'fork_upstream', each => each.every(({ status }) => status === 'resolved'))
    expect((await publisher.call('GET', `${DRIFT}/findings`)).data).toEqual([])
  })
})

describe('a shared version that is archived', () => {
  it('is a finding of its owner and of each member', async () => {
    const [owner, peer] = [await api.organization('ENTERPRISE'), await api.organization('ENTERPRISE')]
    const group = await groupOf(owner)
    await joined(owner, group, peer)
    const { id } = await register(owner)
    const push = await owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: id })
    await register(owner, { version: '1.1.0', payloadSchema: closed('id', 'b') })
    const [superseded] = await findings(peer, 'federation_snapshot', isOne('open'))
    expect(superseded).toMatchObject({ entityId: push.data.id, diff: [{ change: 'superseded 1.1.0' }] })
    await owner.call('POST', `${EVENTS}/${id}/archive`)
    for (const org of [owner, peer]) {
      const all = await findings(org, 'federation_snapshot', each => each.length === 2)
      expect(all.map(each => [each.status, each.diff[0]!.change])).toEqual([
        ['open', 'archived 1.0.0'],
        ['resolved', 'superseded 1.1.0'],
      ])
    }
    await owner.call('DELETE', `/api/v1/events/custom/federation/pushes/${push.data.id}`)
    for (const org of [owner, peer])
      await findings(org, 'federation_snapshot', each => each.every(({ status }) => status === 'resolved'))
  })
})

describe('a manifest', () => {
  const check = (org: Org, definitions: unknown, more: object = {}) =>
    org.call('POST', `${DRIFT}/check`, { definitions, ...more })

  it('says what it has and the registry has not, and the other way round', async () => {
    const org = await api.organization('PRO')
    const made = await register(org)
    await register(org, { version: '1.1.0', payloadSchema: closed('id', 'b') })
    await register(org, { name: 'other' })
    const { slug: namespace } = org
    const one = { namespace, name: 'order.made', version: '1.0.0' }
    const described = { ...closed('id'), description: 'only this differs' }
    const same = await check(org, [
      { ...one, payloadSchema: described },
      { ...one, version: '1.1.0', schemaHash: 'a'.repeat(64) },
    ])
    expect(same.data).toMatchObject({
      ...{ inSync: false, added: [], missing: [], extra: [] },
      changed: [{ version: '1.1.0', expected: { schemaHash: 'a'.repeat(64) }, diff: [{ path: '/schemaHash' }] }],
    })
    const wide = await check(
      org,
      [
        { ...one, payloadSchema: closed('id', 'x'), status: 'archived' },
        { ...one, version: '1.2.0', payloadSchema: closed('id') },
        { namespace, name: 'fresh', version: '1.0.0', schemaHash: made.schemaHash },
      ],
      { scope: 'namespaces' },
    )
    expect(wide.data).toMatchObject({
      inSync: false,
      added: [{ name: 'fresh', actual: null }],
      missing: [{ name: 'order.made', version: '1.2.0', actual: null }],
      changed: [{ diff: [{ path: '/status' }, { path: '/payloadSchema/properties/x' }] }],
      extra: [{ version: '1.1.0', expected: null }, { name: 'other' }],
    })
    expect(wide.data.findings).toHaveLength(5)
    const exact = [{ ...one, schemaHash: made.schemaHash, status: 'published' }]
    expect((await check(org, exact)).data.extra).toMatchObject([{ name: 'order.made', version: '1.1.0' }])
    expect((await org.call('GET', `${DRIFT}/findings?kind=declared_state`)).data).toEqual([])
  })

  it('is kept as findings on request, which end with the next one that agrees', async () => {
    const org = await api.organization('PRO')
    const made = await register(org)
    const one = { namespace: org.slug, name: 'order.made', version: '1.0.0' }
    await check(org, [{ ...one, schemaHash: 'b'.repeat(64) }], { persist: true })
    const [found] = await findings(org, 'declared_state', isOne('open'))
    expect(found).toMatchObject({ entityId: `${org.slug}.order.made@1.0.0`, severity: 'warning' })
    expect((await check(org, [{ ...one, schemaHash: made.schemaHash }], { persist: true })).data.inSync).toBe(true)
    await findings(org, 'declared_state', isOne('resolved'))
    const key = await org.call('POST', '/api/v1/keys', { name: 'r', environment: 'live', scopes: ['events:read'] })
    const reader = api.as(key.data.apiKey)
    const body = { definitions: [{ ...one, schemaHash: made.schemaHash }], persist: true }
    expect(said(await reader('POST', `${DRIFT}/check`, body))).toEqual([403, 'insufficient_scope'])
    expect((await reader('POST', `${DRIFT}/check`, { ...body, persist: false })).status).toBe(200)
  })

  it.each([
    ['is no list', {}, '/definitions'],
    ['is empty', [], '/definitions'],
    ['has a definition that is none', [1], '/definitions/0'],
    ['lacks a version', [{ namespace: 'ab', name: 'cd', schemaHash: 'a'.repeat(64) }], '/definitions/0/version'],
    ['has no schema', [{ namespace: 'ab', name: 'cd', version: '1.0.0' }], '/definitions/0'],
    [
      'has a hash that is none',
      [{ namespace: 'ab', name: 'cd', version: '1.0.0', schemaHash: 'x' }],
      '/definitions/0/schemaHash',
    ],
    [
      'has an unknown field',
      [{ namespace: 'ab', name: 'cd', version: '1.0.0', payloadSchema: {}, x: 1 }],
      '/definitions/0/x',
    ],
  ])('that %s is refused at its place', async (_, definitions, path) => {
    const reply = await check(await api.organization('PRO'), definitions)
    expect([...said(reply), reply.body.error?.details?.[0]?.path]).toEqual([400, 'invalid_manifest', path])
  })

  it('has at most 500 definitions, each once', async () => {
    const org = await api.organization('PRO')
    const one = (at: number) => ({ namespace: 'ab', name: 'cd', version: `1.0.${at}`, schemaHash: 'a'.repeat(64) })
    const many = (count: number) => Array.from({ length: count }, (_, at) => one(at))
    expect((await check(org, many(500))).data.added).toHaveLength(500)
    expect(said(await check(org, many(501)))).toEqual([413, 'drift_manifest_too_large'])
    expect(said(await check(org, [one(1), one(1)]))).toEqual([400, 'invalid_manifest'])
  })
})

describe('the operator', () => {
  it('sees the faults of the platform alone', async () => {
    const org = await api.organization('PRO')
    const about = { severity: 'critical', canonicalName: null, message: 'm', expected: null, actual: null } as const
    for (const kind of ['ledger', 'declared_state'] as const)
      await api.controlPlane.drift.look({
        organizationId: org.id,
        covers: () => false,
        observe: () => [{ ...about, kind, entityType: 'organization', entityId: org.id, diff: [] }],
      })
    const seen = await api.operator('GET', `${DRIFT}/findings?entity=${org.id}`)
    expect(seen.data).toMatchObject([{ kind: 'ledger', organizationId: org.id }])
    expect((await org.call('GET', `${DRIFT}/findings?entity=${org.id}`)).data).toHaveLength(2)
    expect((await api.operator('GET', `${DRIFT}/summary`)).data.byKind).toMatchObject({ declared_state: 0 })
    expect(said(await api.operator('POST', `${DRIFT}/findings/${seen.data[0].id}/ignore`))).toEqual([
      ...[403, 'insufficient_scope'],
    ])
  })
})
