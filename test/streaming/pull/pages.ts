/** Whole logs and ranges of numbers, page by page. */
import { describe, expect, it } from '@jest/globals'
import { logOf } from '../../../src/streaming/streaming.ts'
import { createClient } from '../../support/kafkajs-client.ts'
import { api, deleteBefore, live, many, numbers, pull, readAll, upTo, writer } from './set-up.ts'

export function describePages(): void {
  describe('a log that is pulled', () => {
    it('shows every event once, oldest first, whatever the size of the pages, and a cursor at its end too', async () => {
      const organization = await api.organization('ENTERPRISE')
      for (let n = 0; n < 10; n++) await writer.write(live(organization), many(25))
      for (const limit of [1_000, 100, 17]) {
        const { found, cursor } = await readAll(organization, { types: '*', from: 'earliest', limit })
        expect(found).toEqual(upTo(1, 250))
        const rest = await pull(organization, { types: '*', cursor })
        expect([rest.data, rest.meta.atEnd]).toEqual([[], true])
      }
    })

    it('is in the order of the numbers over several partitions, and continues when it gets more of them', async () => {
      const organization = await api.organization('ENTERPRISE')
      const grow = (partitions: number) =>
        api.operator('POST', `/api/v1/organizations/${organization.id}/partitions`, { partitions })
      await writer.write(live(organization), many(3))
      const before = await readAll(organization, { types: '*', from: 'earliest' })
      expect((await grow(4)).status).toBeLessThan(300)
      for (let n = 0; n < 40; n++)
        await writer.write(live(organization), [{ partition: n % 4 }, { partition: (n * 7) % 4 }])
      expect((await readAll(organization, { types: '*', from: 'earliest', limit: 9 })).found).toEqual(upTo(1, 83))
      expect((await readAll(organization, { types: '*', cursor: before.cursor, limit: 9 })).found).toEqual(upTo(4, 83))
    })

    it('carries envelopes with the payload’s own bytes', async () => {
      const organization = await api.organization('ENTERPRISE')
      const payload = '{"z":1e400,"a":123456789012345678901234567890, "text":"ä\\u0000"}'
      await writer.write(live(organization), [{ payload, subject: 's/1' }])
      const response = await fetch(`${api.base}/api/v1/events?types=*&from=earliest`, {
        headers: { authorization: `Bearer ${organization.apiKey}` },
      })
      const text = await response.text()
      expect(text).toContain(`"replay":null,"data":${payload}}`)
      expect(text).not.toMatch(/deliveryId|apiVersion/)
    })

    it('hides what was not committed', async () => {
      const organization = await api.organization('ENTERPRISE')
      await writer.write(live(organization), many(2))
      const producer = createClient(api.kafka).producer({
        transactionalId: `aborted.${organization.id}`,
        idempotent: true,
        maxInFlightRequests: 1,
      })
      await producer.connect()
      const transaction = await producer.transaction()
      await transaction.send({ topic: logOf(live(organization)).topic, messages: [{ value: '{}' }] })
      expect((await readAll(organization, { types: '*', from: 'earliest' })).found).toEqual([1, 2])
      await transaction.abort()
      await producer.disconnect()
      await writer.write(live(organization), many(2))
      expect((await readAll(organization, { types: '*', from: 'earliest', limit: 1 })).found).toEqual([1, 2, 3, 4])
    })
  })

  describe('a range of sequence numbers', () => {
    it('brings exactly those events, paged, with the deliveries of a webhook that selects them now', async () => {
      const organization = await api.organization('ENTERPRISE')
      const webhook = await organization.call('POST', '/api/v1/webhooks', {
        url: 'https://hooks.example.com/a',
        events: ['shop.refund'],
      })
      const id = webhook.data.id as string
      for (let n = 0; n < 60; n++)
        await writer.write(live(organization), [
          { type: 'shop.order' },
          { type: 'shop.refund', webhookIds: n % 2 ? [id] : [] },
        ])
      api.sequences.set(`${organization.id}/live`, 120)
      expect((await readAll(organization, { sequence: '31-90', limit: 13 })).found).toEqual(upTo(31, 90))
      const gap = await pull(organization, { sequence: '1-8', webhook: id })
      expect(
        (gap.data as Array<{ event: { sequence: number }; delivery: { status: string } | null }>).map(
          ({ event, delivery }) => [event.sequence, delivery?.status],
        ),
      ).toEqual([
        [2, undefined],
        [4, 'pending'],
        [6, undefined],
        [8, 'pending'],
      ])
    })

    it('is refused when it is empty, too long or beyond the newest number, and 410 below retention', async () => {
      const organization = await api.organization('ENTERPRISE')
      await writer.write(live(organization), many(5))
      await writer.write(live(organization), many(20))
      api.sequences.set(`${organization.id}/live`, 20)
      const codeOf = async (sequence: string) => (await pull(organization, { sequence })).code
      expect(await codeOf('9-8')).toBe('invalid_range')
      expect(await codeOf('1-100001')).toBe('invalid_range')
      expect(await codeOf('20-26')).toBe('invalid_range')
      expect(await codeOf('0-5')).toBe('validation_failed')
      expect(await codeOf('1')).toBe('validation_failed')
      // The counter is a moment behind the log.
      expect(numbers(await pull(organization, { sequence: '20-25' }))).toEqual(upTo(20, 25))
      await deleteBefore(organization, 16)
      const gone = await pull(organization, { sequence: '3-20' })
      expect([gone.status, gone.code, gone.body.error?.lostEvents]).toEqual([410, 'cursor_expired', 13])
      const rest = await pull(organization, { sequence: '3-20', cursor: gone.body.error!.earliestCursor as string })
      expect(numbers(rest)).toEqual(upTo(16, 20))
      expect((await pull(organization, { sequence: '3-20', types: '*' })).code).toBe('validation_failed')
      const stranger = await api.organization('ENTERPRISE')
      const foreign = await stranger.call('POST', '/api/v1/webhooks', { url: 'https://a.example.com/', events: ['*'] })
      for (const webhook of ['wh_none', foreign.data.id])
        expect((await pull(organization, { sequence: '20-21', webhook })).code).toBe('not_found')
    })
  })
}
