/** Plans, the operator, and browsing. */
import { describe, expect, it } from '@jest/globals'
import { api, BASE, closed, fork, listed, plan, said } from './set-up.ts'

export function describeRules(): void {
  describe('plans', () => {
    it('without the marketplace may look, and neither offer nor fork', async () => {
      const publisher = await api.organization('PRO')
      const { id } = await listed(publisher)
      for (const name of ['FREE', 'BASIC']) {
        const org = await api.organization(name)
        expect((await org.call('GET', `${BASE}/${id}`)).data.payloadSchema).toEqual(closed('id'))
        expect((await org.call('GET', `${BASE}?q=orders`)).status).toBe(200)
        expect(said(await org.call('POST', `${BASE}/publish`, {}))).toEqual([402, 'marketplace_publish_not_available'])
        expect(said(await fork(org, 'mkl_none'))).toEqual([402, 'marketplace_fork_not_available'])
      }
    })

    it('that end take listings off the shelf and leave forks', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher)
      await fork(forker, id)
      await plan(publisher, 'BASIC')
      await plan(forker, 'BASIC')
      expect((await publisher.call('GET', `${BASE}/${id}`)).data).toMatchObject({
        ...{ status: 'unpublished', statusReason: 'plan' },
      })
      expect(said(await publisher.call('POST', `${BASE}/${id}/republish`))).toEqual([
        ...[402, 'marketplace_publish_not_available'],
      ])
      expect((await forker.call('GET', `${BASE}/forks`)).data).toHaveLength(1)
      await plan(publisher, 'PRO')
      expect((await publisher.call('POST', `${BASE}/${id}/republish`)).status).toBe(200)
    })

    it('of a suspended organization let it read, and nothing else', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher)
      await api.operator('POST', `/api/v1/organizations/${forker.id}/suspend`)
      expect((await forker.call('GET', `${BASE}/${id}`)).status).toBe(200)
      expect(said(await fork(forker, id))).toEqual([403, 'organization_suspended'])
    })
  })

  describe('the operator', () => {
    it('takes a listing down for good, with a reason that its publisher reads', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher)
      await fork(forker, id)
      const taken = await api.operator('POST', `${BASE}/${id}/takedown`, { reason: 'a trademark of others' })
      expect(taken.data).toMatchObject({ status: 'archived', takedownReason: 'a trademark of others' })
      expect((await api.operator('POST', `${BASE}/${id}/takedown`, { reason: 'again' })).data).toEqual(taken.data)
      expect((await publisher.call('GET', `${BASE}/${id}`)).data.takedownReason).toBe('a trademark of others')
      expect(said(await publisher.call('POST', `${BASE}/${id}/republish`))).toEqual([403, 'listing_taken_down'])
      expect(said(await publisher.call('PATCH', `${BASE}/${id}`, { title: 'Other' }))).toEqual([
        403,
        'listing_taken_down',
      ])
      expect(said(await forker.call('GET', `${BASE}/${id}`))).toEqual([404, 'listing_not_found'])
      expect((await forker.call('GET', `${BASE}/forks`)).data).toHaveLength(1)
      expect(said(await publisher.call('POST', `${BASE}/${id}/takedown`, { reason: 'x' }))).toEqual([
        ...[403, 'insufficient_scope'],
      ])
      expect(said(await api.operator('POST', `${BASE}/mkl_none/takedown`, { reason: 'x' }))).toEqual([
        ...[404, 'listing_not_found'],
      ])
    })

    it('deletes an organization: its listings end, and forks say that the publisher no longer exists', async () => {
      const [publisher, forker] = [await api.organization('PRO'), await api.organization('PRO')]
      const { id } = await listed(publisher)
      await fork(forker, id)
      await api.operator('DELETE', `/api/v1/organizations/${publisher.id}`)
      expect(said(await forker.call('GET', `${BASE}/${id}`))).toEqual([404, 'listing_not_found'])
      expect((await forker.call('GET', `${BASE}/forks`)).data).toMatchObject([
        ...[{ listingId: id, publisherDisplayName: 'publisher no longer exists' }],
      ])
    })
  })

  describe('browsing', () => {
    it('finds by text, tag and license, and orders by age, forks and title, page by page', async () => {
      const [publisher, reader] = [await api.organization('ENTERPRISE'), await api.organization('ENTERPRISE')]
      const word = `w${publisher.slug.replaceAll('-', '')}`.slice(0, 20)
      const titles = ['Banana', 'apple', 'Cherry', 'apple']
      const ids: string[] = []
      for (const [at, title] of titles.entries()) {
        const license = at === 0 ? { spdx: 'MIT' } : at === 1 ? { custom: 'x' } : null
        ids.push((await listed(publisher, { title, tags: [word, 'fruit'], license }, { name: `n${at}` })).id)
      }
      await fork(reader, ids[2]!)
      const find = async (query: string) => {
        const found: string[] = []
        for (let cursor = ''; ; ) {
          const page = await reader.call('GET', `${BASE}?tag=${word}&limit=1&${query}${cursor}`)
          expect(page.status).toBe(200)
          found.push(...page.data.map((each: { id: string }) => each.id))
          if (page.meta.nextCursor === null) return found.map(id => ids.indexOf(id))
          cursor = `&cursor=${page.meta.nextCursor}`
        }
      }
      expect(await find('')).toEqual([3, 2, 1, 0])
      expect(await find('sort=forks')).toEqual([2, 3, 1, 0])
      expect(await find('sort=title')).toEqual([3, 1, 0, 2])
      expect(await find('q=APPLE')).toEqual([3, 1])
      expect(await find('license=MIT')).toEqual([0])
      expect(await find('license=custom')).toEqual([1])
      expect(await find('license=none')).toEqual([3, 2])
      const offset = await reader.call('GET', `${BASE}?tag=${word}&offset=3&count=true`)
      expect([offset.data.length, offset.meta]).toMatchObject([1, { total: 4 }])
      const cursor = (await reader.call('GET', `${BASE}?tag=${word}&limit=1`)).meta.nextCursor
      expect(said(await reader.call('GET', `${BASE}?sort=title&cursor=${cursor}`))).toEqual([400, 'validation_failed'])
      const byTitle = (await reader.call('GET', `${BASE}?tag=${word}&limit=1&sort=title`)).meta.nextCursor
      const [named, plain] = await Promise.all(
        ['&sort=title', ''].map(sort => reader.call('GET', `${BASE}?tag=${word}&limit=1${sort}&cursor=${byTitle}`)),
      )
      expect([plain!.status, plain!.data]).toEqual([200, named!.data])
      expect(said(await reader.call('GET', `${BASE}?offset=1&cursor=${cursor}`))).toEqual([400, 'validation_failed'])
      await publisher.call('DELETE', `${BASE}/${ids[3]}`)
      expect(await find('')).toEqual([2, 1, 0])
      expect((await publisher.call('GET', `${BASE}?mine=true&tag=${word}`)).data).toHaveLength(4)
      expect((await reader.call('GET', `${BASE}?mine=true`)).data).toEqual([])
    })
  })
}
