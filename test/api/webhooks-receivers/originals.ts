/** Webhooks made in other ways: as subscriptions, and by the calls of the originals. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { api, call, last, owner, receiver, WEBHOOKS } from './set-up.ts'

export function describeOriginals(): void {
  describe('a subscription', () => {
    const subscribe = (body: object) => call('POST', '/api/v1/events/custom/subscribe', body)
    it.each([
      [undefined, 'shop.order_paid', '*'],
      ['*', 'shop.order_paid', '*'],
      ['1.2.0', 'shop.order_paid@1.2.0', '1.2.0'],
    ])('to version %s is a webhook by another name', async (version, selector, shown) => {
      const webhookUrl = `${receiver.url}/evs`
      const { status, data } = await subscribe({
        name: 'shop.order_paid',
        webhookUrl,
        displayName: 'Orders',
        ...(version && { version }),
      })
      expect([status, data]).toEqual([
        201,
        {
          ...{
            subscriptionId: expect.stringMatching(/^evs_/),
            webhookId: `wh_${data.subscriptionId.slice(4)}`,
            webhookUrl,
          },
          ...{
            canonicalName: `TENANT_CUSTOM:${owner.id}:shop.order_paid@${shown}`,
            secret: expect.stringMatching(/^whsec_/),
          },
        },
      ])
      expect((await call('GET', `${WEBHOOKS}/${data.webhookId}`)).data).toMatchObject({
        events: [selector],
        name: 'Orders',
        url: webhookUrl,
      })
      await call('POST', `${WEBHOOKS}/${data.webhookId}/test`)
      const { headers, body } = last()
      expect(headers['x-event-signature']).toBe(
        createHmac('sha256', data.secret).update(`${headers['x-event-timestamp']}.`).update(body).digest('hex'),
      )
    })

    it.each(['instance.created', 'InstanceCreated'])('to %s listens to the built-in event', async name => {
      const { data } = await subscribe({ name, webhookUrl: receiver.url })
      expect(data.canonicalName).toBe(`PLATFORM:${owner.id}:instance.created@1`)
      expect((await call('GET', `${WEBHOOKS}/${data.webhookId}`)).data.events).toEqual(['instance.created'])
    })

    it.each([
      [{ name: 'instance.created', version: '1.0.0' }, 'invalid_version_format', '/version'],
      [{ name: 'orders' }, 'invalid_event_selector', '/name'],
      [{ version: '1.2' }, 'invalid_version_format', '/version'],
      [{ webhookUrl: 'https://10.0.0.1/' }, 'invalid_webhook_url', '/webhookUrl'],
      [{ webhookUrl: 'ftp://example.com/' }, 'https_required', '/webhookUrl'],
      [{ more: 1 }, 'validation_failed', '/more'],
      [{ secret: 'short' }, 'validation_failed', '/secret'],
    ])('%j is refused with its place', async (fields, code, path) => {
      const reply = await subscribe({ name: 'shop.order_paid', webhookUrl: receiver.url, ...fields })
      expect([reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([400, code, path])
    })
  })

  describe('the calls of the originals work unchanged', () => {
    it("Platphorm's: answered bare, signed, rendered and retried as its documents say", async () => {
      const alias = { 'x-platphorm-api-key': owner.apiKey }
      const anonymous = api.as(undefined)
      const body = {
        ...{
          url: `${receiver.url}/webhooks/platphorm`,
          events: ['design.created', 'design.exported', 'design.shared'],
        },
        ...{ secret: 'your-webhook-secret', description: 'Production webhook for design events', active: true },
      }
      const made = await anonymous('POST', WEBHOOKS, body, alias)
      expect([made.status, made.body]).toEqual([
        201,
        {
          ...{
            id: expect.stringMatching(/^wh_/),
            url: body.url,
            events: body.events,
            secret: body.secret,
            active: true,
          },
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        },
      ])
      expect((await call('GET', `${WEBHOOKS}/${made.body.id}`)).data).toMatchObject({
        ...{
          wireFormat: 'platphorm',
          signatureProfiles: ['platphorm', 'standard'],
          retry: { preset: 'four', maxAttempts: 4 },
        },
      })
      await call('POST', `${WEBHOOKS}/${made.body.id}/test`)
      expect(last().headers['x-platphorm-signature']).toBe(
        `sha256=${createHmac('sha256', body.secret).update(last().body).digest('hex')}`,
      )
      expect(JSON.parse(last().body.toString())).toMatchObject({
        ...{
          id: expect.stringMatching(/^dlv_/),
          type: 'webhook.test',
          apiVersion: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        },
        metadata: { source: 'platphorm-design', environment: 'production' },
      })
      expect((await anonymous('GET', `${WEBHOOKS}/${made.body.id}/deliveries`, undefined, alias)).body).toEqual({
        deliveries: [],
      })
      const failed = await anonymous('POST', WEBHOOKS, { ...body, url: 'ftp://your-app.com/' }, alias)
      expect([failed.status, failed.code]).toEqual([400, 'https_required'])
    })

    it("PLATFORMA's: url, events and a secret of one's own", async () => {
      const secret = 'whsec_your_signing_secret'
      const made = await call('POST', WEBHOOKS, {
        url: `${receiver.url}/webhooks/platforma`,
        events: ['order.created', 'order.provisioned', 'order.failed'],
        secret,
      })
      expect([made.status, made.data.secret, made.data.events]).toEqual([
        201,
        secret,
        ['order.created', 'order.provisioned', 'order.failed'],
      ])
      await call('PATCH', `${WEBHOOKS}/${made.data.id}`, { signatureProfiles: ['platforma'], wireFormat: 'platforma' })
      await call('POST', `${WEBHOOKS}/${made.data.id}/test`)
      expect(last().headers['x-platforma-signature']).toBe(
        createHmac('sha256', secret).update(last().body).digest('hex'),
      )
      expect(JSON.parse(last().body.toString())).toMatchObject({ type: 'webhook.test', data: {} })
    })
  })
}
