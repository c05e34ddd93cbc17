/** Fields of a body: versions, names, text and secrets. */
import { describe, expect, it } from '@jest/globals'
import { rawCall } from '../../support/raw-http.ts'
import { api, EVENTS, owner } from './set-up.ts'

export function describeFields(): void {
  describe('a version or a name that is written another way', () => {
    it.each([
      [{ version: 'v1.0.0' }, 'invalid_version_format', '/version', /without the v: 1\.0\.0/],
      [{ version: '1.0' }, 'invalid_version_format', '/version', /MAJOR\.MINOR\.PATCH/],
      [{ name: 'order@1.0.0' }, 'invalid_name', '/name', /field version/],
    ])('is refused with what to write: %j', async (fields, code, path, message) => {
      const template = {
        namespace: owner.slug,
        name: 'order',
        version: '1.0.0',
        payloadSchema: { type: 'object' },
        ...fields,
      }
      const { status, body } = await owner.call('POST', EVENTS, template)
      expect([status, body.error?.code, body.error?.details?.[0]?.path]).toEqual([400, code, path])
      expect(body.error?.message).toMatch(message)
    })

    it.each([
      [{ version: 'v1.0.0' }, '/version', /without the v: 1\.0\.0/],
      [{ name: 'shop.order@1.0.0' }, '/name', /field version/],
    ])('is refused by a subscription, too: %j', async (fields, path, message) => {
      const body = { name: 'shop.order', webhookUrl: 'https://hooks.example.com/', ...fields }
      const reply = await owner.call('POST', `${EVENTS}/subscribe`, body)
      expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, path])
      expect(reply.body.error?.message).toMatch(message)
    })
  })

  describe('half of a surrogate pair', () => {
    it.each<[string, string, string]>([
      ['/subject', `${EVENTS}/emit`, '{"name":"a.b","payload":{},"subject":"a\\ud83d"}'],
      [
        '/items/0/correlationId',
        `${EVENTS}/emit/batch`,
        '{"items":[{"name":"a.b","payload":{},"correlationId":"\\ude00"}]}',
      ],
      ['/name', '/api/v1/webhooks', '{"url":"https://hooks.example.com/","events":["*"],"name":"\\ud83d\\ud83d"}'],
      ['/name', '/api/v1/kafka-credentials', '{"name":"\\ud83d","access":"both"}'],
    ])('is refused where it would become another character: %s of POST %s', async (path, at, body) => {
      const { status, body: answer } = await rawCall(
        api.base,
        `POST ${at}`,
        [`x-api-key: ${owner.apiKey}`, 'content-type: application/json'],
        body,
      )
      const error = at.endsWith('batch') ? answer.data.results[0].error : answer.error
      expect([at.endsWith('batch') || status === 400, error.code, error.details[0].path]).toEqual([
        true,
        'validation_failed',
        path,
      ])
      expect(error.details[0].message).toMatch(/half of a surrogate pair.*send whole characters/)
    })

    it('is refused in fields that the platform sets for a built-in event', async () => {
      const event = {
        organizationId: (await api.organization()).id,
        type: 'order.failed',
        data: { order_id: 'o', error: 'e' },
      }
      for (const field of ['subject', 'actorId', 'source', 'correlationId']) {
        const reply = await api.operator('POST', '/api/v1/platform/events', { ...event, [field]: 'x\ud83d' })
        expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, `/${field}`])
      }
    })
  })

  describe('a secret that a caller brings', () => {
    const bad = `whsec_${Buffer.alloc(16).toString('base64')}`
    it('is checked at every place where one is brought', async () => {
      const url = 'https://hooks.example.com/'
      const { id } = (await owner.call('POST', '/api/v1/webhooks', { url, events: ['*'] })).data
      const path = `/api/v1/webhooks/${id}`
      for (const [method, at, body] of [
        ['POST', '/api/v1/webhooks', { url, events: ['*'] }],
        ['PATCH', path, {}],
        ['POST', `${path}/rotate`, {}],
        ['POST', `${path}/rotate-secret`, { immediate: true }],
        ['POST', `${EVENTS}/subscribe`, { name: 'shop.order', webhookUrl: url }],
      ] as const) {
        for (const secret of [bad, ' sixteen letters and more', 'sixteen letters\n and more']) {
          const reply = await owner.call(method, at, { ...body, secret })
          expect([at, reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([
            at,
            400,
            'validation_failed',
            '/secret',
          ])
        }
      }
      expect((await owner.call('PATCH', path, { secret: 'whsec_your_signing_secret' })).status).toBe(200)
      expect((await owner.call('POST', `${path}/rotate`, { secret: 'your-webhook-secret' })).data.secret).toBe(
        'your-webhook-secret',
      )
    })
  })
}
