/** Federation as callers meet it: rights, the order of refusals, and the view of each side. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const BASE = '/api/v1/events/custom/federation'
const GROUPS = `${BASE}/groups`
const url = 'https://peer.example.com/in'
type Org = Awaited<ReturnType<TestApi['organization']>>

const enterprise = () => api.organization('ENTERPRISE')
async function groupOf(owner: Org, name = 'Partners') {
  const made = await owner.call('POST', GROUPS, { name })
  expect(made.status).toBe(201)
  return made.data as { id: string }
}
const invite = (owner: Org, group: { id: string }, peer: { id: string }) =>
  owner.call('POST', `${GROUPS}/${group.id}/invite`, { memberOrganizationId: peer.id })
async function joined(owner: Org, group: { id: string }, peer: Org) {
  const { data } = await invite(owner, group, peer)
  expect((await peer.call('POST', `${GROUPS}/${group.id}/accept`)).status).toBe(200)
  return data as { id: string }
}
async function published(owner: Org, name = 'order.made', namespace = owner.slug, schema: object = { type: 'object' }) {
  const made = await owner.call('POST', '/api/v1/events/custom', {
    ...{ namespace, name, version: '1.0.0', payloadSchema: schema, status: 'published' },
  })
  expect([made.status, made.code]).toEqual([201, undefined])
  return made.data as { id: string; canonicalName: string; schemaHash: string }
}
const plan = (org: Org, to: string) => api.operator('PATCH', `/api/v1/organizations/${org.id}`, { plan: to })
const statusOf = async (owner: Org, group: { id: string }, memberId: string) => {
  const { data } = await owner.call('GET', `${GROUPS}/${group.id}`)
  const { status, pauseReason, removeReason } = data.members.find((each: { id: string }) => each.id === memberId)
  return [status, pauseReason ?? removeReason]
}

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

describe('an invitation', () => {
  it('goes to another organization that exists, once', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const codes = async (memberOrganizationId: string) =>
      (await owner.call('POST', `${GROUPS}/${group.id}/invite`, { memberOrganizationId })).code
    expect(await codes(owner.id)).toBe('cannot_invite_self')
    expect(await codes('org_nobody')).toBe('organization_not_found')
    expect(await codes(peer.id)).toBeUndefined()
    expect(await codes(peer.id)).toBe('already_member')
    await peer.call('POST', `${GROUPS}/${group.id}/accept`)
    expect(await codes(peer.id)).toBe('already_member')
  })

  it('is accepted once or again, declined once, withdrawn, left, and made anew with a row of its own', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const to = (verb: string) => peer.call('POST', `${GROUPS}/${group.id}/${verb}`)
    const first = (await invite(owner, group, peer)).data
    expect((await to('leave')).code).toBe('member_not_accepted')
    expect((await to('decline')).data).toMatchObject({ id: first.id, status: 'removed', removeReason: 'declined' })
    expect((await to('decline')).code).toBe('invitation_not_found')
    expect((await peer.call('GET', `${GROUPS}/${group.id}`)).code).toBe('federation_group_not_found')

    const second = (await invite(owner, group, peer)).data
    expect((await owner.call('DELETE', `${GROUPS}/${group.id}/members/${second.id}`)).data).toMatchObject({
      status: 'removed',
      removeReason: 'removed',
    })
    expect((await to('accept')).code).toBe('invitation_not_found')

    const third = (await invite(owner, group, peer)).data
    expect((await to('accept')).data).toMatchObject({
      id: third.id,
      status: 'accepted',
      acceptedAt: expect.any(String),
    })
    expect((await to('accept')).status).toBe(200)
    expect((await to('decline')).code).toBe('member_not_pending')
    expect((await to('leave')).data).toMatchObject({ status: 'removed', removeReason: 'left' })
    expect((await owner.call('DELETE', `${GROUPS}/${group.id}/members/${third.id}`)).code).toBe(
      'federation_member_not_found',
    )
    const rows = (await owner.call('GET', `${GROUPS}/${group.id}/members`)).data
    expect(rows.map((each: { id: string; removeReason: string }) => [each.id, each.removeReason])).toEqual([
      [third.id, 'left'],
      [second.id, 'removed'],
      [first.id, 'declined'],
    ])
    expect((await owner.call('GET', `${GROUPS}/${group.id}`)).data.memberCount).toBe(0)
  })

  it('accepted while the group is archived: the archive wins or the acceptance came first, and never both', async () => {
    const owner = await enterprise()
    for (let round = 0; round < 5; round++) {
      const peer = await enterprise()
      const group = await groupOf(owner, `Race ${round}`)
      const { data } = await invite(owner, group, peer)
      const [archived, accepted] = await Promise.all([
        owner.call('DELETE', `${GROUPS}/${group.id}`),
        peer.call('POST', `${GROUPS}/${group.id}/accept`),
      ])
      expect(archived.status).toBe(200)
      const outcome = [accepted.code, ...(await statusOf(owner, group, data.id))]
      expect([
        ['federation_group_archived', 'removed', 'removed'],
        [undefined, 'accepted', null],
      ]).toContainEqual(outcome)
    }
  })
})

describe('a pause', () => {
  it('is ended by the side that began it alone', async () => {
    const [owner, peer, other] = [await enterprise(), await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const member = await joined(owner, group, peer)
    const stranger = await joined(owner, group, other)
    const path = `${GROUPS}/${group.id}/members/${member.id}`
    for (const [one, another, side] of [
      [owner, peer, 'owner'],
      [peer, owner, 'member'],
    ] as Array<[Org, Org, string]>) {
      expect((await one.call('POST', `${path}/pause`)).data).toMatchObject({ status: 'paused', pauseReason: side })
      expect((await one.call('POST', `${path}/pause`)).status).toBe(200)
      expect((await another.call('POST', `${path}/pause`)).code).toBe('member_not_accepted')
      expect((await another.call('POST', `${path}/resume`)).code).toBe('member_not_accepted')
      expect((await one.call('POST', `${path}/resume`)).data).toMatchObject({ status: 'accepted', pauseReason: null })
    }
    expect((await peer.call('POST', `${GROUPS}/${group.id}/members/${stranger.id}/pause`)).code).toBe('not_group_owner')
    expect((await owner.call('POST', `${GROUPS}/${group.id}/members/cefm_none/pause`)).code).toBe(
      'federation_member_not_found',
    )
    const pending = (await invite(owner, group, await enterprise())).data
    expect((await owner.call('POST', `${GROUPS}/${group.id}/members/${pending.id}/pause`)).code).toBe(
      'member_not_accepted',
    )
  })
})

describe('a push', () => {
  it('shares one published version of the owner’s, once, with its schema as it is', async () => {
    const [owner, other] = [await enterprise(), await enterprise()]
    const group = await groupOf(owner)
    const path = `${GROUPS}/${group.id}/pushes`
    const declare = (registrationId: string) => owner.call('POST', path, { registrationId })
    const registration = await published(owner)
    const pushed = await declare(registration.id)
    expect([pushed.status, pushed.data]).toEqual([
      201,
      expect.objectContaining({
        ...{
          id: expect.stringMatching(/^cefp_/),
          sourceRegistrationId: registration.id,
          sourceCanonicalName: registration.canonicalName,
        },
        ...{
          schemaSnapshot: { type: 'object' },
          schemaHash: registration.schemaHash,
          isActive: true,
          version: '1.0.0',
        },
      }),
    ])
    expect((await declare(registration.id)).code).toBe('push_already_declared')
    expect((await declare((await published(other)).id)).code).toBe('event_not_registered')
    expect((await declare('cer_none')).code).toBe('event_not_registered')
    const draft = await owner.call('POST', '/api/v1/events/custom', {
      ...{ namespace: owner.slug, name: 'order.drafted', version: '1.0.0', payloadSchema: { type: 'object' } },
    })
    expect((await declare(draft.data.id)).code).toBe('event_not_published')
    const generic = api.view.event(owner.id, 'platformxe.generic')!.latestPublished!
    expect((await declare(generic.id)).code).toBe('cannot_push_generic_event')
    await owner.call('POST', `/api/v1/events/custom/${registration.id}/archive`)
    expect((await owner.call('GET', path)).data[0]).toMatchObject({
      isActive: true,
      schemaSnapshot: { type: 'object' },
    })
    expect((await owner.call('DELETE', `${BASE}/pushes/${pushed.data.id}`)).data).toMatchObject({ isActive: false })
    expect((await owner.call('DELETE', `${BASE}/pushes/${pushed.data.id}`)).status).toBe(200)
    expect([
      (await owner.call('GET', path)).data,
      (await owner.call('GET', `${path}?includeInactive=true`)).data.length,
    ]).toEqual([[], 1])
    expect((await declare(registration.id)).code).toBe('event_not_published')
  })

  it('may not arrive under a name that has another schema there; another namespace keeps them apart', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    await api.operator('POST', `/api/v1/organizations/${peer.id}/namespaces`, { namespace: owner.slug })
    await published(peer, 'order.made', owner.slug, { type: 'object', required: ['x'] })
    const group = await groupOf(owner)
    const made = await published(owner)
    await owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: made.id })
    const member = (await invite(owner, group, peer)).data
    const accept = (body?: object) => peer.call('POST', `${GROUPS}/${group.id}/accept`, body)
    expect((await accept()).code).toBe('federation_name_conflict')
    expect((await accept({ inboundNamespace: 'elsewhere' })).code).toBe('namespace_not_allowed')
    expect((await accept({ inboundNamespace: peer.slug })).data).toMatchObject({
      status: 'accepted',
      inboundNamespace: peer.slug,
    })
    const inbound = (await peer.call('GET', '/api/v1/events/custom?includeInbound=true')).data
    expect(inbound.filter((each: { status: string }) => each.status === 'federated')).toEqual([
      expect.objectContaining({ canonicalName: `TENANT_CUSTOM:${peer.id}:${peer.slug}.order.made@1.0.0` }),
    ])
    const path = `${GROUPS}/${group.id}/members/${member.id}`
    expect((await peer.call('PATCH', path, { inboundNamespace: null })).code).toBe('federation_name_conflict')
    await published(peer, 'order.paid', peer.slug, { type: 'object', required: ['y'] })
    const paid = await published(owner, 'order.paid')
    expect((await owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: paid.id })).code).toBe(
      'federation_name_conflict',
    )
  })

  it('arrives where the peer has the same schema under the same name', async () => {
    const [owner, peer] = [await enterprise(), await enterprise()]
    await api.operator('POST', `/api/v1/organizations/${peer.id}/namespaces`, { namespace: owner.slug })
    await published(peer, 'order.made', owner.slug)
    const group = await groupOf(owner)
    await owner.call('POST', `${GROUPS}/${group.id}/pushes`, { registrationId: (await published(owner)).id })
    await joined(owner, group, peer)
  })

  it('of two owners may not share a name at one peer unless the schemas are the same', async () => {
    const [one, two, peer] = [await enterprise(), await enterprise(), await enterprise()]
    await api.operator('POST', `/api/v1/organizations/${two.id}/namespaces`, { namespace: one.slug })
    const groups = [await groupOf(one), await groupOf(two)] as const
    await one.call('POST', `${GROUPS}/${groups[0].id}/pushes`, { registrationId: (await published(one)).id })
    await joined(one, groups[0], peer)
    await joined(two, groups[1], peer)
    const other = await published(two, 'order.made', one.slug, { type: 'object', required: ['z'] })
    expect((await two.call('POST', `${GROUPS}/${groups[1].id}/pushes`, { registrationId: other.id })).code).toBe(
      'federation_name_conflict',
    )
  })
})

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
