/** Groups of a federation as callers meet them: rights, the order of refusals, the plan, and the view of each side. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'
import { BASE, GROUPS, groupOf, invite, joined, type Org, published, statusOf } from './federation-calls.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const url = 'https://peer.example.com/in'
const enterprise = () => api.organization('ENTERPRISE')
const plan = (org: Org, to: string) => api.operator('PATCH', `/api/v1/organizations/${org.id}`, { plan: to })

describe('a group', () => {
  it('is its owner’s: named, counted, found and changed', async () => {
    const owner = await enterprise()
    const made = await owner.call('POST', GROUPS, { name: '  Partners  ', description: 'who lets for us' })
    expect([made.status, made.data]).toEqual([
      201,
      expect.objectContaining({
        ...{
          id: expect.stringMatching(/^cefg_/),
          ownerOrganizationId: owner.id,
          name: 'Partners',
          description: 'who lets for us',
        },
        ...{
          status: 'active',
          callerRole: 'owner',
          memberCount: 0,
          pushCount: 0,
          archivedAt: null,
          createdBy: expect.stringMatching(/^key_/),
        },
      }),
    ])
    const { id } = made.data
    expect((await owner.call('GET', GROUPS)).data).toEqual([made.data])
    const patched = await owner.call('PATCH', `${GROUPS}/${id}`, { description: null }, { 'if-match': '1' })
    expect(patched.data).toMatchObject({ name: 'Partners', description: null, revision: 2 })
    expect((await owner.call('PATCH', `${GROUPS}/${id}`, { name: 'Late' }, { 'if-match': '1' })).code).toBe(
      'revision_conflict',
    )
  })

  it('has a name of 3 to 80 characters after trimming, unlike the others of its owner in any letter case', async () => {
    const owner = await enterprise()
    await groupOf(owner, 'Partners')
    for (const name of ['ab', '  ab  ', 'x'.repeat(81), '']) {
      const reply = await owner.call('POST', GROUPS, { name })
      expect([name, reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([
        name,
        400,
        'validation_failed',
        '/name',
      ])
    }
    for (const name of ['partners', ' PARTNERS '])
      expect((await owner.call('POST', GROUPS, { name })).code).toBe('federation_group_name_taken')
    const other = await groupOf(owner, 'x'.repeat(80))
    expect((await owner.call('PATCH', `${GROUPS}/${other.id}`, { name: 'parTners' })).code).toBe(
      'federation_group_name_taken',
    )
    expect((await (await enterprise()).call('POST', GROUPS, { name: 'Partners' })).status).toBe(201)
    expect((await owner.call('POST', GROUPS, { name: 'Other', description: 'x'.repeat(501) })).status).toBe(400)
  })

  it('is archived for good: pushes and invitations end, accepted members stay listed, the name is free', async () => {
    const [owner, peer, invitee] = [await enterprise(), await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    const pending = (await invite(owner, group, invitee)).data
    const push = await owner.call('POST', `${GROUPS}/${group.id}/pushes`, {
      registrationId: (await published(owner)).id,
    })
    expect(push.status).toBe(201)
    const archived = await owner.call('DELETE', `${GROUPS}/${group.id}`)
    expect([archived.status, archived.data]).toEqual([
      200,
      expect.objectContaining({ status: 'archived', archivedAt: expect.any(String), pushCount: 0, memberCount: 1 }),
    ])
    expect(await statusOf(owner, group, member.id)).toEqual(['accepted', null])
    expect(await statusOf(owner, group, pending.id)).toEqual(['removed', 'removed'])
    expect((await owner.call('GET', `${GROUPS}/${group.id}/pushes?includeInactive`)).data).toEqual([
      expect.objectContaining({
        id: push.data.id,
        isActive: false,
        unpushedAt: expect.any(String),
        schemaSnapshot: { type: 'object' },
      }),
    ])
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'Anew' }],
      ['POST', '/invite', { memberOrganizationId: invitee.id }],
      ['POST', '/pushes', { registrationId: 'cer_x' }],
      ['POST', '/external-peers', { label: 'l', webhookUrl: url }],
    ] as const)
      expect([path, (await owner.call(method, `${GROUPS}/${group.id}${path}`, body)).code]).toEqual([
        path,
        'federation_group_archived',
      ])
    expect((await invitee.call('POST', `${GROUPS}/${group.id}/accept`)).code).toBe('federation_group_archived')
    expect((await owner.call('DELETE', `${GROUPS}/${group.id}`)).status).toBe(200)
    expect((await owner.call('GET', GROUPS)).data).toEqual([])
    expect((await owner.call('GET', `${GROUPS}?includeArchived=true`)).data).toHaveLength(1)
    expect((await peer.call('GET', `${GROUPS}?includeArchived`)).data).toHaveLength(1)
    await groupOf(owner)
  })

  it('does not exist for organizations outside it, and only its owner may change it', async () => {
    const [owner, peer, stranger] = [await enterprise(), await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    const push = (
      await owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: (await published(owner)).id })
    ).data
    const external = (await owner.call('POST', `${GROUPS}/${group.id}/external-peers`, { label: 'l', webhookUrl: url }))
      .data.peer
    const path = `${GROUPS}/${group.id}`
    const ownerOnly: Array<[string, string, unknown?]> = [
      ['PATCH', path, { name: 'Taken' }],
      ['DELETE', path],
      ['POST', `${path}/invite`, { memberOrganizationId: stranger.id }],
      ['POST', `${path}/pushes`, { registrationId: 'cer_x' }],
      ['POST', `${path}/external-peers`, { label: 'l', webhookUrl: url }],
      ['DELETE', `${path}/members/${member.id}`],
      ['DELETE', `${BASE}/pushes/${push.id}`],
      ['POST', `${BASE}/external-peers/${external.id}/rotate-secret`],
      ['DELETE', `${BASE}/external-peers/${external.id}`],
    ]
    for (const [method, to, body] of ownerOnly) {
      const [visible, foreign] = [await peer.call(method, to, body), await stranger.call(method, to, body)]
      expect([method, to, visible.status, visible.code]).toEqual([method, to, 403, 'not_group_owner'])
      expect([method, to, foreign.status, foreign.code]).toEqual([
        method,
        to,
        404,
        expect.stringMatching(/^federation_\w+_not_found$/),
      ])
    }
    for (const to of [path, `${path}/pushes`, `${path}/members`])
      expect([to, (await stranger.call('GET', to)).code]).toEqual([to, 'federation_group_not_found'])
    for (const verb of ['accept', 'decline']) {
      expect((await stranger.call('POST', `${path}/${verb}`)).code).toBe('invitation_not_found')
      expect((await stranger.call('POST', `${GROUPS}/cefg_none/${verb}`)).code).toBe('invitation_not_found')
    }
    expect((await stranger.call('POST', `${path}/leave`)).code).toBe('federation_group_not_found')
  })

  it('shows a member itself and the shared versions, and nothing of other members or keys', async () => {
    const [owner, peer, other] = [await enterprise(), await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    await joined(owner, group, other)
    await owner.call('POST', `${GROUPS}/${group.id}/external-peers`, { label: 'auditor', webhookUrl: url })
    await owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: (await published(owner)).id })
    const seen = await peer.call('GET', `${GROUPS}/${group.id}`)
    expect(seen.data).toMatchObject({ callerRole: 'accepted', memberCount: 3, pushCount: 1 })
    expect(seen.data.members.map((each: { id: string }) => each.id)).toEqual([member.id])
    expect((await peer.call('GET', GROUPS)).data).toHaveLength(1)
    const pushes = await peer.call('GET', `${GROUPS}/${group.id}/pushes`)
    expect(pushes.data[0]).toMatchObject({
      schemaSnapshot: { type: 'object' },
      sourceOrganizationId: owner.id,
      pushedBy: owner.id,
    })
    const text = JSON.stringify([seen.body, pushes.body])
    for (const hidden of [other.id, 'auditor', 'peer.example.com']) expect(text).not.toContain(hidden)
    const ownKey = (await owner.call('GET', '/api/v1/whoami')).data.key.id
    expect(text).not.toContain(ownKey)
    expect(seen.data.members[0]).toMatchObject({ invitedBy: owner.id, acceptedBy: expect.stringMatching(/^key_/) })
  })
})

describe('the plan', () => {
  it('is checked before anything else: without Enterprise every call is 402, whatever it names', async () => {
    const owner = await api.organization('PRO')
    const routes = api.routes.filter(route => route.path.startsWith(BASE))
    expect(routes.length).toBeGreaterThanOrEqual(21)
    for (const route of routes) {
      const reply = await owner.call(
        route.method,
        route.path.replace(':id', 'x').replace(':mid', 'y'),
        route.body === undefined ? undefined : '{',
      )
      expect([route.path, reply.status, reply.code]).toEqual([route.path, 402, 'federation_not_available'])
    }
  })

  it('of an invited organization is hidden from the owner: it stays pending and accepts once it may', async () => {
    const [owner, basic] = [await enterprise(), await api.organization('BASIC')]
    const group = await groupOf(owner)
    const invited = await invite(owner, group, basic)
    expect([invited.status, invited.data.status]).toEqual([201, 'pending'])
    expect((await basic.call('POST', `${GROUPS}/${group.id}/accept`)).code).toBe('federation_not_available')
    expect((await basic.call('GET', `${BASE}/invitations`)).code).toBe('federation_not_available')
    await plan(basic, 'ENTERPRISE')
    expect((await basic.call('GET', `${BASE}/invitations`)).data).toEqual([
      expect.objectContaining({
        groupId: group.id,
        groupName: 'Partners',
        ownerOrganizationId: owner.id,
        status: 'pending',
      }),
    ])
    expect((await basic.call('POST', `${GROUPS}/${group.id}/accept`)).data).toMatchObject({ status: 'accepted' })
  })

  it('dropped pauses memberships and own groups, and resumes them unchanged', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    await plan(peer, 'PRO')
    expect(await statusOf(owner, group, member.id)).toEqual(['paused', 'plan'])
    expect((await owner.call('POST', `${GROUPS}/${group.id}/members/${member.id}/resume`)).code).toBe(
      'member_not_accepted',
    )
    await plan(peer, 'ENTERPRISE')
    expect(await statusOf(owner, group, member.id)).toEqual(['accepted', null])
    await plan(owner, 'PRO')
    expect((await peer.call('GET', `${GROUPS}/${group.id}`)).data.status).toBe('suspended')
    await plan(owner, 'ENTERPRISE')
    expect((await owner.call('GET', `${GROUPS}/${group.id}`)).data).toMatchObject({ status: 'active', memberCount: 1 })
  })

  it('dropped while the owner had paused: the owner’s resume leaves it paused until the plan is back', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    const path = `${GROUPS}/${group.id}/members/${member.id}`
    await owner.call('POST', `${path}/pause`)
    await plan(peer, 'PRO')
    expect(await statusOf(owner, group, member.id)).toEqual(['paused', 'owner'])
    expect((await owner.call('POST', `${path}/resume`)).data).toMatchObject({ status: 'paused', pauseReason: 'plan' })
    await plan(peer, 'ENTERPRISE')
    expect(await statusOf(owner, group, member.id)).toEqual(['accepted', null])
  })

  it('kept but suspended: reading works, sharing does not, and the memberships wait', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    await api.operator('POST', `/api/v1/organizations/${peer.id}/suspend`)
    await api.operator('POST', `/api/v1/organizations/${owner.id}/suspend`)
    expect((await owner.call('GET', `${GROUPS}/${group.id}`)).data.status).toBe('suspended')
    expect((await invite(owner, group, peer)).code).toBe('organization_suspended')
    expect((await owner.call('POST', GROUPS, { name: 'Another' })).code).toBe('organization_suspended')
    expect(await statusOf(owner, group, member.id)).toEqual(['paused', 'plan'])
    for (const each of [owner, peer]) await api.operator('POST', `/api/v1/organizations/${each.id}/activate`)
    expect(await statusOf(owner, group, member.id)).toEqual(['accepted', null])
  })

  it('of a deleted organization: its groups are archived, its memberships and endpoints are gone with their secrets', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    const [group, own] = [await groupOf(owner), await groupOf(peer, 'Of the deleted one')]
    const member = await joined(owner, group, peer)
    await joined(peer, own, owner)
    const external = (await peer.call('POST', `${GROUPS}/${own.id}/external-peers`, { label: 'l', webhookUrl: url }))
      .data.peer
    await api.operator('DELETE', `/api/v1/organizations/${peer.id}`)
    expect(await statusOf(owner, group, member.id)).toEqual(['removed', 'organization_deleted'])
    expect((await owner.call('GET', `${GROUPS}/${own.id}`)).data.status).toBe('archived')
    expect(api.view.find('webhook', peer.id, external.id)).toBeUndefined()
    expect(api.view.federation.member(external.id)).toMatchObject({
      status: 'removed',
      removeReason: 'organization_deleted',
    })
    expect((await invite(owner, group, peer)).code).toBe('organization_not_found')
  })
})
