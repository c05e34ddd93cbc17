/** Listings, forks of them, and what a plan allows. */
import { describe, expect, it } from '@jest/globals'
import { api, BASE, closed, EVENTS, fork, listed, publish, register, said } from './set-up.ts'

export function describeOffers(): void {
  describe('two organizations', () => {
    it('walk from a version to a fork of it, which is on its own and remembers where it is from', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const source = await register(publisher, { payloadExample: { id: 'x' } })
      expect(said(await publish(publisher, source.id))).toEqual([400, 'example_not_confirmed'])
      const license = { custom: 'Ask us before you sell it.', requiresAcceptance: true }
      const made = await publish(publisher, source.id, {
        ...{ title: '  Orders  ', description: 'What was bought', tags: ['shop', 'shop', 'b2b'], license },
        confirmNoPersonalData: true,
      })
      const listing = made.data
      expect(listing).toMatchObject({
        ...{ id: expect.stringMatching(/^mkl_/), title: 'Orders', tags: ['shop', 'b2b'], status: 'published' },
        ...{ license: { spdx: null, ...license }, forkCount: 0, isOwn: true, registrationId: source.id },
        ...{ payloadSchema: source.payloadSchema, payloadExample: { id: 'x' }, schemaHash: source.schemaHash },
      })
      const seen = await forker.call('GET', `${BASE}/${listing.id}`)
      expect(seen.data).toMatchObject({ isOwn: false, registrationId: null, publishedBy: null, versions: [] })
      expect(said(await fork(forker, listing.id))).toEqual([409, 'license_not_accepted'])
      const forked = await fork(forker, listing.id, { acceptLicense: true })
      expect(forked.status).toBe(201)
      const copy = forked.data
      expect(copy.registration).toMatchObject({
        ...{ namespace: forker.slug, name: 'copy', version: '1.0.0', status: 'draft', description: 'What was bought' },
        ...{ payloadSchema: source.payloadSchema, payloadExample: { id: 'x' }, schemaHash: source.schemaHash },
      })
      expect(copy.fork).toMatchObject({
        ...{
          listingId: listing.id,
          forkRegistrationId: copy.registration.id,
          sourceCanonicalName: source.canonicalName,
        },
        ...{ licenseSnapshot: { custom: license.custom }, licenseAcceptedAt: expect.any(String) },
      })
      expect((await forker.call('GET', `${BASE}/forks`)).data).toEqual([copy.fork])
      const after = (await publisher.call('GET', `${BASE}/${listing.id}`)).data
      expect([after.forkCount, after.revision]).toEqual([1, 1])
      expect(JSON.stringify(after)).not.toContain(forker.id)
      const next = await register(forker, { name: 'copy', version: '1.1.0', payloadSchema: closed('id', 'more') })
      expect(next.forkedFrom).toMatchObject({ listingId: listing.id, modified: true })
      const first = await forker.call('GET', `${EVENTS}/${copy.registration.id}`)
      expect(first.data.forkedFrom).toMatchObject({ forkId: copy.fork.id, modified: false })
      expect((await publisher.call('GET', `${EVENTS}/${source.id}`)).data.forkedFrom).toBeUndefined()
    })

    it('fork fifty times at once, and the counter is exact', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('ENTERPRISE')]
      const { id } = await listed(publisher)
      const made = await Promise.all(
        Array.from({ length: 50 }, (_, at) => fork(forker, id, { name: `copy.${at % 40}` })),
      )
      const counts = Map.groupBy(made, each => each.code ?? 'made')
      expect([counts.get('made')?.length, counts.get('version_already_exists')?.length]).toEqual([40, 10])
      expect((await publisher.call('GET', `${BASE}/${id}`)).data.forkCount).toBe(40)
    })

    it('get the same fork for the same key, and a conflict for another', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher)
      const key = { 'idempotency-key': 'once' }
      const made = await fork(forker, id, {}, key)
      expect((await fork(forker, id, {}, key)).data).toEqual(made.data)
      expect(said(await fork(forker, id, { name: 'other' }, key))).toEqual([409, 'idempotency_key_conflict'])
      expect((await publisher.call('GET', `${BASE}/${id}`)).data.forkCount).toBe(1)
    })
  })

  describe('a listing', () => {
    it('is one per version, is unpublished and shown again by its publisher alone', async () => {
      const [publisher, other] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id, registrationId } = await listed(publisher)
      const again = await publish(publisher, registrationId)
      expect([...said(again), again.body.error?.listingId]).toEqual([409, 'listing_already_exists', id])
      for (const [method, path, body] of [
        ['PATCH', '', { title: 'Mine' }],
        ['DELETE', '', undefined],
        ['POST', '/republish', undefined],
      ] as const)
        expect(said(await other.call(method, `${BASE}/${id}${path}`, body))).toEqual([403, 'not_listing_owner'])
      expect(said(await publisher.call('POST', `${BASE}/${id}/republish`))).toEqual([409, 'listing_already_published'])
      expect((await publisher.call('DELETE', `${BASE}/${id}`)).data).toMatchObject({
        ...{ status: 'unpublished', statusReason: 'owner', unpublishedAt: expect.any(String) },
      })
      expect(said(await publisher.call('DELETE', `${BASE}/${id}`))).toEqual([409, 'listing_not_published'])
      expect(said(await other.call('GET', `${BASE}/${id}`))).toEqual([404, 'listing_not_found'])
      expect(said(await fork(other, id))).toEqual([404, 'listing_not_found'])
      expect((await publish(publisher, registrationId)).body.error?.message).toContain('republish')
      expect((await publisher.call('GET', `${BASE}/${id}`)).status).toBe(200)
      const back = await publisher.call('POST', `${BASE}/${id}/republish`)
      expect(back.data).toMatchObject({ status: 'published', statusReason: null, unpublishedAt: null })
    })

    it('stays as it was published, whatever becomes of the registration', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const listing = await listed(publisher)
      await publisher.call('POST', `${EVENTS}/${listing.registrationId}/archive`)
      expect((await forker.call('GET', `${BASE}/${listing.id}`)).data.payloadSchema).toEqual(listing.payloadSchema)
      expect((await fork(forker, listing.id)).status).toBe(201)
    })

    it('is changed at the revision that its publisher knows; a new license is for later forks', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher, { license: { spdx: 'MIT' } })
      await fork(forker, id)
      const patch = { license: { spdx: 'Apache-2.0' }, title: 'Orders, anew', changelog: 'none' }
      const patched = await publisher.call('PATCH', `${BASE}/${id}`, patch, { 'if-match': '1' })
      expect(patched.data).toMatchObject({ ...patch, license: { spdx: 'Apache-2.0', custom: null }, revision: 2 })
      expect(said(await publisher.call('PATCH', `${BASE}/${id}`, { title: 'Late' }, { 'if-match': '1' }))).toEqual([
        ...[412, 'revision_conflict'],
      ])
      expect((await forker.call('GET', `${BASE}/forks`)).data[0].licenseSnapshot.spdx).toBe('MIT')
      expect((await fork(forker, id, { name: 'second' })).data.fork.licenseSnapshot.spdx).toBe('Apache-2.0')
    })

    it.each([
      ['a short title', { title: ' ab ' }, 400, 'invalid_title', '/title'],
      ['a long title', { title: 'x'.repeat(121) }, 400, 'invalid_title', '/title'],
      ['a tag in capitals', { tags: ['ok', 'No'] }, 400, 'invalid_tag', '/tags/1'],
      ['eleven tags', { tags: Array.from({ length: 11 }, (_, at) => `tag-${at}`) }, 400, 'invalid_tag', '/tags'],
      ['two licenses', { license: { spdx: 'MIT', custom: 'mine' } }, 400, 'validation_failed', '/license'],
      ['no license in a license', { license: {} }, 400, 'validation_failed', '/license'],
      ['a description without end', { description: 'x'.repeat(4_001) }, 400, 'validation_failed', '/description'],
    ])('with %s is refused, with the place', async (_, more, ...refusal) => {
      const publisher = await api.organization('PRO')
      const reply = await publish(publisher, (await register(publisher)).id, more)
      expect([...said(reply), reply.body.error?.details?.[0]?.path]).toEqual(refusal)
    })

    it('is of a published version of one’s own, and never of the generic event', async () => {
      const [publisher, other] = [await api.organization('PRO'), await api.organization('PRO')]
      const draft = await register(publisher, { status: 'draft' })
      expect(said(await publish(publisher, draft.id))).toEqual([409, 'event_not_published'])
      expect(said(await publish(other, draft.id))).toEqual([404, 'event_not_registered'])
      const all = (await publisher.call('GET', EVENTS)).data as Array<{ id: string; namespace: string }>
      const generic = all.find(each => each.namespace === 'platformxe')!
      expect(said(await publish(publisher, generic.id))).toEqual([400, 'cannot_publish_generic_event'])
    })

    it('follows the listing of the version before, unless another is named or none', async () => {
      const publisher = await api.organization('PRO')
      const first = await listed(publisher)
      const second = await listed(publisher, {}, { version: '1.1.0', payloadSchema: closed('id', 'b') })
      expect([first.previousListingId, second.previousListingId]).toEqual([null, first.id])
      expect((await publisher.call('GET', `${BASE}/${first.id}`)).data.versions).toMatchObject([{ id: second.id }])
      const third = await register(publisher, { version: '1.2.0', payloadSchema: closed('id', 'b', 'c') })
      const unknown = await publish(publisher, third.id, { previousListingId: `mkl_${'0'.repeat(26)}` })
      expect(said(unknown)).toEqual([404, 'listing_not_found'])
      const stranger = await listed(publisher, {}, { name: 'other' })
      const wrong = await publish(publisher, third.id, { previousListingId: stranger.id })
      expect([...said(wrong), wrong.body.error?.details?.[0]?.path]).toEqual([
        ...[400, 'validation_failed', '/previousListingId'],
      ])
      expect((await publish(publisher, third.id, { previousListingId: null })).data.previousListingId).toBeNull()
    })
  })

  describe('a fork', () => {
    it('that is unchanged is passed on only where its license allows it', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('ENTERPRISE')]
      const kept = await listed(publisher, { license: { custom: 'mine' } })
      const free = await listed(publisher, { license: { spdx: 'MIT' } }, { name: 'free' })
      const bound = (await fork(forker, kept.id, { name: 'kept', status: 'published' })).data.registration
      const loose = (await fork(forker, free.id, { name: 'loose', status: 'published' })).data.registration
      expect(said(await publish(forker, bound.id))).toEqual([403, 'fork_not_redistributable'])
      expect((await publish(forker, loose.id)).status).toBe(201)
      const own = { name: 'kept', version: '1.1.0', payloadSchema: closed('id', 'mine') }
      expect((await publish(forker, (await register(forker, own)).id)).status).toBe(201)
    })

    it('is refused by the rules of a registration, in their order after those of the marketplace', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher)
      expect(said(await fork(publisher, id))).toEqual([400, 'cannot_fork_own_listing'])
      expect(said(await fork(forker, 'mkl_none'))).toEqual([404, 'listing_not_found'])
      expect(said(await fork(forker, id, { namespace: 'foreign' }))).toEqual([400, 'namespace_not_allowed'])
      expect(said(await fork(forker, id, { namespace: 'platform' }))).toEqual([400, 'reserved_namespace'])
      expect(said(await fork(forker, id, { version: '2.0.0' }))).toEqual([400, 'version_invalid_jump'])
      await fork(forker, id)
      expect(said(await fork(forker, id))).toEqual([400, 'version_already_exists'])
      expect((await fork(forker, id, { version: '1.0.1' })).status).toBe(201)
    })
  })
}
