/** The events that a pull selects, and queries that are refused. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { api, live, numbers, type Organization, pull, writer } from './set-up.ts'

export function describeSelection(): void {
  describe('what is selected', () => {
    let organization: Organization
    beforeAll(async () => {
      organization = await api.organization('ENTERPRISE')
      await writer.write(live(organization), [
        { type: 'shop.order', subject: 'a', payload: '{"amount":5}' },
        { type: 'shop.refund', subject: 'b', payload: '{"amount":50}' },
        { type: 'lettings.viewing', subject: 'a', payload: '{"amount":500}' },
        { type: 'platformxe.generic', kind: 'sku_reorder' },
        { type: 'WEBHOOK_CREATED' },
      ])
    })
    const selected = async (query: Record<string, string | number>) =>
      numbers(await pull(organization, { from: 'earliest', types: '*', ...query }))

    it('follows selectors, subject and filter, and lifecycle events only by name or when they are included', async () => {
      expect(await selected({})).toEqual([1, 2, 3, 4])
      expect(await selected({ types: 'shop.*' })).toEqual([1, 2])
      expect(await selected({ types: 'lettings.viewing,shop.refund@1.0.0' })).toEqual([2, 3])
      expect(await selected({ types: 'platformxe.generic#sku_reorder' })).toEqual([4])
      expect(await selected({ types: 'platformxe.generic#other' })).toEqual([])
      expect(await selected({ types: 'WEBHOOK_CREATED' })).toEqual([5])
      expect(await selected({ types: 'shop.order', includeLifecycle: 'true' })).toEqual([1, 5])
      expect(await selected({ subject: 'a' })).toEqual([1, 3])
      expect(await selected({ filter: '{"payload.amount":{"gte":50}}' })).toEqual([2, 3])
      expect(await selected({ filter: '{"subject":"b"}' })).toEqual([2])
    })

    it('may come as CloudEvents', async () => {
      const { data } = await pull(organization, { types: 'shop.order', from: 'earliest', format: 'cloudevents' })
      expect(data).toEqual([
        expect.objectContaining({ specversion: '1.0', sequence: '0000000000000001', data: { amount: 5 } }),
      ])
    })

    it.each([
      [
        '101 selectors',
        { types: Array.from({ length: 101 }, (_, n) => `shop.order${n}`).join(',') },
        '/types',
        'validation_failed',
      ],
      ['no selector', { types: '' }, '/types', 'validation_failed'],
      ['a wrong selector', { types: 'shop.order,no selector' }, '/types/1', 'invalid_event_selector'],
      ['a filter that is no JSON', { filter: '{' }, '/filter', 'validation_failed'],
      ['a filter that is a list', { filter: '[]' }, '/filter', 'validation_failed'],
      [
        'an operator that does not exist',
        { filter: '{"all":[{"path":"payload.a","operator":"x","value":1}]}' },
        '/filter/all/0/operator',
        'validation_failed',
      ],
      [
        'a filter that nests too deep',
        { filter: `${'{"all":['.repeat(6)}{"subject":"a"}${']}'.repeat(6)}` },
        expect.stringContaining('/filter/all/0'),
        'validation_failed',
      ],
      [
        'a pattern that is too large',
        { filter: '{"all":[{"path":"payload.a","operator":"matches_regex","value":"(a{1,100}){1,100}"}]}' },
        '/filter/all/0/value',
        'validation_failed',
      ],
      [
        'a filter beyond 4 KB',
        { filter: JSON.stringify({ subject: 'ä'.repeat(2_100) }) },
        '/filter',
        'validation_failed',
      ],
      ['a limit beyond 1,000', { limit: 1_001 }, '/limit', 'validation_failed'],
      ['a wait beyond 20 s', { waitSeconds: 21 }, '/waitSeconds', 'validation_failed'],
      ['a date without a time', { from: '2026-07-01' }, '/from', 'validation_failed'],
      ['a zone that was not escaped', { from: '2026-07-01T00:00:00 02:00' }, '/from', 'validation_failed'],
      ['a day that does not exist', { from: '2026-02-30T00:00:00Z' }, '/from', 'validation_failed'],
      [
        'an end before the start',
        { from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' },
        '/from',
        'validation_failed',
      ],
      ['another word', { to: 'yesterday' }, '/to', 'validation_failed'],
      ['a cursor beside from', { cursor: 'x' }, '/cursor', 'validation_failed'],
      ['a webhook without a range', { webhook: 'wh_1' }, '/webhook', 'validation_failed'],
    ])('%s is refused with its place', async (_, query, path, code) => {
      const answer = await pull(organization, { types: '*', from: 'earliest', ...(query as object) })
      expect([answer.status, answer.code, answer.body.error?.details?.[0]?.path]).toEqual([400, code, path])
    })
  })
}
