/** Invitations, pauses and pushes as callers meet them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'
import { BASE, GROUPS, groupOf, invite, joined, type Org, published, statusOf } from './federation-calls.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const enterprise = () => api.organization('ENTERPRISE')

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
