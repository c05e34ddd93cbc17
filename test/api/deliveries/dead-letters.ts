/** Dead letters: listed, and redriven. */
import { describe, expect, it } from '@jest/globals'
import { until } from '../../support/until.ts'
import { type Delivery, deliveryAt, emit, platform, receiver, settled, webhook } from './set-up.ts'

interface Job {
  state: string
  progress: { succeeded: number | null }
}

export function describeDeadLetters(): void {
  describe('dead letters', () => {
    it('are listed by page, webhook and time, and redriven through a fresh schedule under the same delivery ids', async () => {
      const organization = await platform.organization()
      let status = 500
      const { url, requests } = await receiver(() => ({ status }))
      const id = await webhook(organization, url, { retry: { delays: [0, '1m'] } })
      for (let n = 0; n < 5; n++) await emit(organization, n)
      await settled(organization, id, 'failed', 5)
      const first = await organization.call<Delivery[]>('GET', '/api/v1/webhooks/dead-letters?limit=2')
      expect(first.data).toHaveLength(2)
      const cursor = (first.body as { meta: { nextCursor: string } }).meta.nextCursor
      const rest = await organization.call<Delivery[]>(
        'GET',
        `/api/v1/webhooks/dead-letters?limit=100&cursor=${cursor}&webhookId=${id}`,
      )
      const ids = [...first.data, ...rest.data].map(delivery => delivery.id)
      expect(new Set(ids).size).toBe(5)
      const none = await organization.call<Delivery[]>('GET', '/api/v1/webhooks/dead-letters?to=2020-01-01T00:00:00Z')
      expect(none.data).toEqual([])

      const one = await organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', {
        deliveryIds: [ids[0], 'dlv_none'],
      })
      expect(one).toMatchObject({
        status: 202,
        data: { count: 1, skipped: [{ deliveryId: 'dlv_none', reason: 'not_found' }] },
      })
      await until(deliveryAt(organization, ids[0]!), each => each.attempts === 4 && each.status === 'failed')
      status = 200
      const started = await organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', { webhookId: id })
      expect(started).toMatchObject({
        status: 202,
        data: { count: 5, skipped: [], more: false, kind: 'redrive', state: 'running' },
      })
      const done = await settled(organization, id, 'success', 5)
      expect(done.map(delivery => delivery.id).sort()).toEqual(ids.sort())
      expect(done.map(delivery => delivery.attempts).sort()).toEqual([3, 3, 3, 3, 5])
      expect(requests).toHaveLength(5 * 2 + 2 + 5)
      const job = `/api/v1/replays/${(started.data as { id: string }).id}`
      const over = await until(
        async () => (await organization.call<Job>('GET', job)).data,
        ({ state, progress }) => state === 'completed' && progress.succeeded === 5,
      )
      expect(over.progress).toMatchObject({ matched: 5, processed: 5, succeeded: 5, failed: 0, skipped: 0 })
      const firstItems = await organization.call<Delivery[]>('GET', `${job}/items?limit=3`)
      const { nextCursor } = (firstItems.body as { meta: { nextCursor: string } }).meta
      const items = await organization.call<Delivery[]>('GET', `${job}/items?limit=3&cursor=${nextCursor}`)
      expect([...firstItems.data, ...items.data].map(each => each.id).sort()).toEqual(ids.toSorted())
      expect(items.data[0]).toMatchObject({ outcome: 'delivered', target: { kind: 'webhook', id } })
      expect((await organization.call<Delivery[]>('GET', '/api/v1/webhooks/dead-letters')).data).toEqual([])
      const redrive = (body: object) => organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', body)
      const message =
        'needs at least one of deliveryIds, webhookId, type, errorKind, responseStatus, from and to: any one of them is enough'
      expect(await redrive({})).toMatchObject({
        ...{ status: 400, code: 'validation_failed' },
        body: {
          error: {
            message: `The request is wrong at '': ${message}.`,
            details: [{ path: '', rule: 'required', message }],
          },
        },
      })
      expect(await redrive({ from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' })).toMatchObject({
        ...{
          status: 400,
          body: { error: { details: [{ path: '/from', rule: 'range', message: 'must not lie after to' }] } },
        },
      })
      const both = 'takes either deliveryIds or webhookId, type, errorKind, responseStatus, from and to, not both'
      expect(await redrive({ deliveryIds: ['dlv_1'], webhookId: id })).toMatchObject({
        ...{ status: 400, body: { error: { details: [{ path: '', rule: 'one_choice', message: both }] } } },
      })
      for (const body of [
        { deliveryIds: ['dlv_1'] },
        { webhookId: id },
        { from: '2026-01-01T00:00:00Z' },
        { to: '2026-01-01T00:00:00Z' },
      ])
        expect([body, await redrive(body)]).toEqual([body, expect.objectContaining({ status: 202 })])
    }, 60_000)
  })
}
