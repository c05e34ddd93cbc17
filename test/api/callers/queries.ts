/** Times and filters of lists. */
import { describe, expect, it } from '@jest/globals'
import { api, EVENTS, owner } from './set-up.ts'

export function describeQueries(): void {
  describe('a time in a query', () => {
    const lists = () =>
      api.routes.filter(
        ({ method, path, access, query }) =>
          method === 'GET' &&
          access !== 'operator' &&
          (!path.includes(':id') || path.startsWith('/api/v1/webhooks')) &&
          // Figures have ranges of a greatest length.
          !/\/(stats|timeseries)$/.test(path) &&
          (query?.properties as { from?: { format?: string } } | undefined)?.from?.format === 'date-time',
      )

    it.each<[string, RegExp]>([
      ['2026-01-01T00:00:00+02:00', /has a space where its zone begins.*write %2B.*Z/],
      ['yesterday', /must be a date-time with a zone \(RFC 3339\), such as/],
      ['2026-01-01T00:00:00', /must be a date-time with a zone/],
    ])('that is none is refused with what to write, on every list: %s', async (from, message) => {
      expect(lists().length).toBeGreaterThan(4)
      for (const { path } of lists()) {
        const { status, body } = await owner.call('GET', `${path.replace(':id', 'wh_x')}?from=${from}`)
        expect([path, status]).toEqual([path, 400])
        expect(body.error?.details).toEqual([
          { path: '/from', rule: 'format', message: expect.stringMatching(message) },
        ])
      }
    })

    it.each([
      '2026-01-01T00:00:00%2B02:00',
      '2026-01-01t00:00:00.5z',
      `2026-01-01T00:00:00.${'3'.repeat(300)}Z`,
      '2026-12-31T23:59:60Z',
      '2026-01-01T00:00:00-00:00',
      '0000-01-01T00:00:00%2B23:59',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:60Z',
    ])('is taken in every way of RFC 3339, on every list: %s', async time => {
      const url = 'https://hooks.example.com/'
      const webhook = (await owner.call('POST', '/api/v1/webhooks', { url, events: ['*'] })).data.id
      for (const { path } of lists()) {
        for (const bound of ['from', 'to']) {
          const { status, body } = await owner.call('GET', `${path.replace(':id', webhook)}?${bound}=${time}`)
          expect([path, bound, status, body.error]).toEqual([path, bound, 200, undefined])
        }
      }
      await owner.call('DELETE', `/api/v1/webhooks/${webhook}`)
    })
  })

  describe('a filter of a list', () => {
    it('by the name of registrations may have the namespace before it, and is refused where no name is written so', async () => {
      const { slug, call } = await api.organization()
      await call('POST', EVENTS, {
        namespace: slug,
        name: 'order.paid',
        version: '1.0.0',
        payloadSchema: { type: 'object' },
      })
      const names = async (query: string) =>
        (await call('GET', `${EVENTS}?${query}`)).data.map((each: { name: string }) => each.name)
      expect(await names('name=order.paid')).toEqual(['order.paid'])
      expect(await names(`name=${slug}.order.paid`)).toEqual(['order.paid'])
      expect(await names('name=order')).toEqual([])
      for (const query of [
        'name=Order',
        'name=order@1.0.0',
        'name=order.*',
        'name=*',
        'namespace=Shop',
        'namespace=a.b',
      ])
        expect([query, (await call('GET', `${EVENTS}?${query}`)).status]).toEqual([query, 400])
    })

    it('by type takes the selectors of webhooks, and is refused for anything else', async () => {
      const url = 'https://hooks.example.com/'
      const webhook = (await owner.call('POST', '/api/v1/webhooks', { url, events: ['*'] })).data.id
      const path = `/api/v1/webhooks/${webhook}/deliveries`
      const canonical = `TENANT_CUSTOM:${owner.id}:shop.order@1.0.0`
      for (const type of [
        '*',
        'shop.*',
        'shop.order',
        'shop.order@1.0.0',
        canonical,
        'instance.created',
        'InstanceCreated',
        'WEBHOOK_CREATED',
      ])
        expect([type, (await owner.call('GET', `${path}?type=${type}`)).status]).toEqual([type, 200])
      for (const type of [
        'orders',
        'shop.order@1',
        'shop.order@v1.0.0',
        'Shop.order',
        'shop.**',
        'a:b',
        'platformxe.generic%23k',
      ]) {
        const reply = await owner.call('GET', `${path}?type=${type}`)
        expect([type, reply.status, reply.body.error?.details?.[0]]).toMatchObject([
          type,
          400,
          { path: '/type', rule: 'selector' },
        ])
      }
    })

    it('by the code of a refused record is one of the codes', async () => {
      const quarantine = (code: string) => owner.call('GET', `${EVENTS}/quarantine?code=${code}`)
      expect((await quarantine('payload_invalid')).status).toBe(200)
      const reply = await quarantine('PAYLOAD_INVALID')
      expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, '/code'])
    })
  })
}
