/** Retries and cancellations by hand, and deliveries that wait. */
import { describe, expect, it } from '@jest/globals'
import { until } from '../../support/until.ts'
import { type Delivery, deliveryAt, emit, platform, receiver, settled, webhook } from './set-up.ts'

export function describeCallsByHand(): void {
  describe('a manual retry', () => {
    it('makes attempt 5 of 4 of a failed delivery, once for two calls, and then stops', async () => {
      const organization = await platform.organization()
      const { url, requests } = await receiver(() => ({ status: 500 }))
      const id = await webhook(organization, url, { retry: { preset: 'four' } })
      await emit(organization, 1)
      const [failed] = await settled(organization, id, 'failed')
      expect(failed).toMatchObject({ attempts: 4, maxAttempts: 4, reason: 'exhausted' })
      const retry = () => organization.call<Delivery>('POST', `/api/v1/webhooks/deliveries/${failed!.id}/retry`)
      const answers = await Promise.all([retry(), retry()])
      expect(answers.map(({ status, code }) => [status, code]).sort()).toEqual([[202, undefined], [409, 'delivery_in_progress']]) // biome-ignore format: pairs
      const again = await until(
        deliveryAt(organization, failed!.id),
        one => one.attempts === 5 && one.status === 'failed',
      )
      expect(again).toMatchObject({ id: failed!.id, attempts: 5, maxAttempts: 4, status: 'failed', trigger: 'manual' })
      expect(again.history.filter(({ attemptId }) => attemptId !== null).map(({ number }) => number)).toEqual([
        1, 2, 3, 4, 5,
      ])
      expect(requests.map(({ headers }) => headers['x-delivery-attempt'])).toEqual(['1', '2', '3', '4', '5'])
      expect(requests.at(-1)!.body.toString()).toBe(requests[0]!.body.toString())
    }, 60_000)

    it('is refused while the delivery is retrying, and while its webhook is off; of another organization there is none', async () => {
      const organization = await platform.organization()
      const { url } = await receiver(() => ({ status: 500 }))
      const id = await webhook(organization, url, { retry: { delays: [0, '12h'] } })
      await emit(organization, 1)
      const [retrying] = await settled(organization, id, 'retrying')
      const path = `/api/v1/webhooks/deliveries/${retrying!.id}/retry`
      expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'delivery_in_progress' })
      await organization.call('POST', `/api/v1/webhooks/deliveries/${retrying!.id}/cancel`)
      await settled(organization, id, 'cancelled')
      expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'conflict' })
      await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
      const stranger = await platform.organization()
      expect(await stranger.call('POST', path)).toMatchObject({ status: 404, code: 'not_found' })
    }, 60_000)

    it('of a delivery that succeeded sends it again; by the alias header the answer is bare', async () => {
      const organization = await platform.organization()
      const { url, requests, received } = await receiver(() => ({ status: 200 }))
      const id = await webhook(organization, url)
      await emit(organization, 1)
      const [success] = await settled(organization, id, 'success')
      const path = `/api/v1/webhooks/deliveries/${success!.id}/retry`
      const answer = await fetch(platform.base + path, {
        method: 'POST',
        headers: { 'x-platphorm-api-key': organization.apiKey },
      })
      expect(await answer.json()).toMatchObject({
        id: success!.id,
        event: 'platformxe.generic',
        status: 'retrying',
        attempts: 1,
      })
      await received(2)
      expect(requests.map(({ headers }) => headers['x-delivery-id'])).toEqual([success!.id, success!.id])
      await until(deliveryAt(organization, success!.id), one => one.attempts === 2)
      await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
      expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'webhook_inactive' })
    }, 60_000)

    it('of a delivery that is in flight is refused as in progress, from the moment at which its receiver has it', async () => {
      const organization = await platform.organization()
      const { url, requests } = await receiver(() => 'hang')
      await webhook(organization, url)
      await emit(organization, 1)
      await until(async () => requests.length, Boolean)
      const path = `/api/v1/webhooks/deliveries/${requests[0]!.headers['x-delivery-id']}`
      expect(await organization.call('POST', `${path}/retry`)).toMatchObject({
        status: 409,
        code: 'delivery_in_progress',
      })
      expect(await organization.call('GET', path)).toMatchObject({
        status: 200,
        data: { status: 'pending', attempts: 0 },
      })
    }, 60_000)

    it('of a test is refused at once: it is in no log', async () => {
      const organization = await platform.organization()
      const { url } = await receiver(() => ({ status: 500 }))
      const id = await webhook(organization, url)
      await organization.call('POST', `/api/v1/webhooks/${id}/test`)
      const [test] = await settled(organization, id, 'failed')
      expect(test).toMatchObject({ trigger: 'test', status: 'failed' })
      const retried = await organization.call('POST', `/api/v1/webhooks/deliveries/${test!.id}/retry`)
      expect(retried).toMatchObject({ status: 409, code: 'conflict' })
      const redriven = await organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', {
        deliveryIds: [test!.id],
      })
      expect(redriven.data).toMatchObject({ count: 0, skipped: [{ deliveryId: test!.id, reason: 'not_failed' }] })
    }, 60_000)
  })

  it('a delivery that waits because its webhook is off says so, in the list, alone and in the history of its event', async () => {
    const organization = await platform.organization()
    const { url, requests } = await receiver(() => ({ status: 204 }))
    const id = await webhook(organization, url)
    await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
    const { eventId } = (await emit(organization, 1)).data
    const [waiting] = await settled(organization, id, 'pending')
    const told = { status: 'pending', attempts: 0, reason: 'webhook_inactive' }
    expect(waiting).toMatchObject(told)
    expect(await deliveryAt(organization, waiting!.id)()).toMatchObject(told)
    const history = await organization.call<{ deliveries: Delivery[] }>('GET', `/api/v1/events/${eventId}`)
    expect(history.data.deliveries).toMatchObject([told])
    expect(requests).toHaveLength(0)
  }, 60_000)

  describe('a cancellation', () => {
    it('ends a delivery that waits for hours, and cannot be done twice', async () => {
      const organization = await platform.organization()
      const { url } = await receiver(() => ({ status: 500 }))
      const id = await webhook(organization, url, { retry: { delays: [0, '12h'] } })
      await emit(organization, 1)
      const [retrying] = await settled(organization, id, 'retrying')
      const path = `/api/v1/webhooks/deliveries/${retrying!.id}/cancel`
      expect(await organization.call('POST', path)).toMatchObject({
        status: 202,
        data: { status: 'cancelled', reason: 'manual' },
      })
      const [cancelled] = await settled(organization, id, 'cancelled')
      expect(cancelled).toMatchObject({ id: retrying!.id, status: 'cancelled', reason: 'manual', nextAttemptAt: null })
      expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'conflict' })
    }, 60_000)
  })
}
