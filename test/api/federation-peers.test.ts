/** External peers as callers meet them, and the limits of a federation. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'
import { BASE, GROUPS, groupOf, invite, type Org, published } from './federation-calls.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const url = 'https://peer.example.com/in'
const enterprise = () => api.organization('ENTERPRISE')

describe('an external peer', () => {
  const add = (owner: Org, group: { id: string }, more: object = {}) =>
    owner.call('POST', `${GROUPS}/${group.id}/external-peers`, { label: 'auditor', webhookUrl: url, ...more })

  it('takes part at once; its secret is shown once, its headers never', async () => {
    const owner = await enterprise()
    const group = await groupOf(owner)
    const headers = { 'X-Tenant': 'hawthorn-secret', Authorization: 'Bearer hawthorn-secret' }
    const made = await add(owner, group, { headers })
    expect([made.status, made.data.secret]).toEqual([201, expect.stringMatching(/^whsec_/)])
    expect(made.data.peer).toMatchObject({
      ...{
        id: expect.stringMatching(/^cefm_/),
        peerType: 'external_webhook',
        status: 'accepted',
        health: 'healthy',
        memberOrganizationId: null,
      },
      external: {
        label: 'auditor',
        url,
        headerNames: ['X-Tenant', 'Authorization'],
        wireFormat: 'default',
        signatureProfile: 'relay',
      },
    })
    const { id } = made.data.peer
    const answers = [await owner.call('GET', `${GROUPS}/${group.id}`), await owner.call('GET', '/api/v1/webhooks')]
    const stored = api.view.find('webhook', owner.id, id)!
    expect(stored).toMatchObject({ events: [], signatureProfiles: ['relay'], peer: { groupId: group.id } })
    for (const text of [JSON.stringify(answers.map(each => each.body)), JSON.stringify(stored)]) {
      expect(text).not.toContain('hawthorn-secret')
      expect(text).not.toContain(made.data.secret)
    }
    expect(answers[1]!.data).toEqual([])
    for (const [method, body] of [['GET'], ['PATCH', { active: false }], ['DELETE']] as Array<[string, object?]>)
      expect([method, (await owner.call(method, `/api/v1/webhooks/${id}`, body)).status]).toEqual([method, 404])
    const removed = await owner.call('DELETE', `${BASE}/external-peers/${id}`)
    expect(removed.data).toMatchObject({
      status: 'removed',
      removeReason: 'removed',
      external: { label: 'auditor', url: null },
    })
    expect(api.view.find('webhook', owner.id, id)).toBeUndefined()
    expect((await owner.call('DELETE', `${BASE}/external-peers/${id}`)).code).toBe('federation_member_not_found')
  })

  it.each([
    ['http://peer.example.com/', 'https_required'],
    ['https://127.0.0.1/', 'blocked_address'],
    ['https://169.254.169.254/', 'blocked_address'],
    ['https://user:pass@peer.example.com/', 'userinfo'],
    ['peer.example.com', 'not_a_url'],
  ])('may not be at %s', async (webhookUrl, rule) => {
    const owner = await enterprise()
    const group = await groupOf(owner)
    const reply = await add(owner, group, { webhookUrl })
    expect([reply.status, reply.code, reply.body.error?.details]).toEqual([
      400,
      'invalid_webhook_url',
      [expect.objectContaining({ path: '/webhookUrl', rule })],
    ])
  })

  it('is sent no header that is ours, the connection’s or too large', async () => {
    const owner = await enterprise()
    const group = await groupOf(owner)
    const forbidden = [
      'Host',
      'Content-Type',
      'content-length',
      'Transfer-Encoding',
      'Connection',
      'Cookie',
      'webhook-id',
      'X-Platformxe-Signature',
    ]
    const more = ['X-Caldera-Signature', 'X-Event-Id', 'X-Delivery-Id', 'Webhook-Signature', 'bad name', 'Upgrade']
    for (const name of [...forbidden, ...more])
      expect([name, (await add(owner, group, { headers: { [name]: 'v' } })).code]).toEqual([name, 'header_not_allowed'])
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`x-${n}`, 'v']))
    for (const headers of [eleven, { x: 'v'.repeat(1_024) }, { x: 'a\r\nb: c' }, { 'X-A': '1', 'x-a': '2' }])
      expect((await add(owner, group, { headers })).code).toBe('header_not_allowed')
    expect((await add(owner, group, { headers: { x: 'v'.repeat(1_023) } })).status).toBe(201)
  })

  it('gets a new secret; the one before signs too until its overlap ends, and meanwhile there is no other', async () => {
    const owner = await enterprise()
    const group = await groupOf(owner)
    const made = await add(owner, group)
    const path = `${BASE}/external-peers/${made.data.peer.id}/rotate-secret`
    const rotated = await owner.call('POST', path)
    expect([rotated.status, rotated.data.secret === made.data.secret]).toEqual([200, false])
    const until =
      Date.parse(rotated.data.peer.external.previousSecretExpiresAt) -
      Date.parse(api.view.find('webhook', owner.id, made.data.peer.id)!.updatedAt)
    expect(until).toBe(24 * 3_600_000)
    expect((await owner.call('POST', path)).code).toBe('secret_rotation_in_progress')
  })

  it('is one of twenty at most', async () => {
    const owner = await enterprise()
    const group = await groupOf(owner)
    const added = await Promise.all(Array.from({ length: 23 }, (_, n) => add(owner, group, { label: `peer ${n}` })))
    expect(added.map(each => each.code ?? each.status).sort()).toEqual([
      ...Array(20).fill(201),
      ...Array(3).fill('federation_limit_exceeded'),
    ])
  })
})

it('an owner has 50 groups at most, a group 100 members and 200 active pushes', async () => {
  const owner = await enterprise()
  const groups = await Promise.all(
    Array.from({ length: 52 }, (_, n) => owner.call('POST', GROUPS, { name: `Group ${n}` })),
  )
  expect(groups.filter(each => each.code === 'federation_limit_exceeded').map(each => each.status)).toEqual([402, 402])
  const group = groups[0]!.data
  const peers = await Promise.all(Array.from({ length: 101 }, () => api.organization('FREE')))
  const invited = await Promise.all(peers.map(peer => invite(owner, group, peer)))
  expect(invited.filter(each => each.status === 201)).toHaveLength(100)
  expect(invited.find(each => each.status !== 201)?.code).toBe('federation_limit_exceeded')
  const registered = await Promise.all(Array.from({ length: 201 }, (_, n) => published(owner, `thing.made-${n}`)))
  const pushed = await Promise.all(
    registered.map(({ id: registrationId }) => owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId })),
  )
  expect(pushed.filter(each => each.status === 201)).toHaveLength(200)
  expect(pushed.find(each => each.status !== 201)?.code).toBe('federation_limit_exceeded')
}, 120_000)
