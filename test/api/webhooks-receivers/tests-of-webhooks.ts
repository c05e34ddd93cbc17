/** The test event of a webhook: sent by a call, or to verify who owns its endpoint. */
import { describe, expect, it } from '@jest/globals'
import { createControlPlane } from '../../../src/control-plane/control-plane.ts'
import { createIds } from '../../../src/model/ids.ts'
import { createValidators } from '../../../src/registry/validators.ts'
import { clock, random } from '../../control-plane/control-plane-harness.ts'
import { createRawReceiver } from '../../support/raw-receiver.ts'
import { api, call, create, last, owner, receiver, verified, WEBHOOKS } from './set-up.ts'

export function describeTestsOfWebhooks(): void {
  describe('the test of a webhook', () => {
    it('sends a signed event webhook.test now, answers with its result, and is recorded like a delivery', async () => {
      const webhook = await create({ headers: { 'X-Shop': 'eu-1' }, signatureProfiles: ['standard', 'platphorm'] })
      const { status, data } = await call('POST', `${WEBHOOKS}/${webhook.id}/test`)
      expect([status, data]).toEqual([
        200,
        {
          ...{ success: true, responseStatus: 204, responseTimeMs: expect.any(Number), error: null, errorKind: null },
          ...{ deliveryId: expect.stringMatching(/^dlv_/), eventId: expect.stringMatching(/^evt_/) },
        },
      ])
      expect(verified(webhook.secret)).toBe(true)
      const { headers, body } = last()
      expect(headers).toMatchObject({
        'x-shop': 'eu-1',
        'x-delivery-id': data.deliveryId,
        'x-event-id': data.eventId,
        'x-delivery-attempt': '1',
      })
      expect(JSON.parse(body.toString())).toMatchObject({
        type: 'webhook.test',
        deliveryId: data.deliveryId,
        sequence: 0,
        data: { webhookId: webhook.id },
      })
      const row = api.tested.find(({ deliveryId }) => deliveryId === data.deliveryId)
      expect(row).toMatchObject({
        trigger: 'test',
        state: 'success',
        number: 1,
        webhookId: webhook.id,
        eventType: 'webhook.test',
        responseStatus: 204,
      })
      expect(JSON.parse(row!.requestHeaders!)).toMatchObject({
        'x-shop': '[redacted]',
        'webhook-signature': '[redacted]',
        'x-platphorm-signature': '[redacted]',
      })
    })

    it.each([
      [() => ({ status: 500 }) as const, { responseStatus: 500, errorKind: 'status' }],
      [() => ({ redirect: 'https://example.com/' }) as const, { responseStatus: 302, errorKind: 'redirect' }],
      [() => 'hang' as const, { responseStatus: null, errorKind: 'timeout' }],
      [() => 'reset' as const, { responseStatus: null, errorKind: 'connect' }],
    ])('tells what went wrong, once: %#', async (answer, expected) => {
      const webhook = await create({ timeoutMs: 1_000 })
      receiver.answerWith(answer)
      const before = receiver.requests.length
      const { status, data } = await call('POST', `${WEBHOOKS}/${webhook.id}/test`)
      expect([status, data]).toEqual([
        200,
        expect.objectContaining({ success: false, error: expect.any(String), ...expected }),
      ])
      expect(receiver.requests.length).toBe(before + 1)
    })

    it('recognizes interim answers and half a body, and says when the answer cannot be read', async () => {
      let answer = ''
      const raw = await createRawReceiver({ answer: ({ socket }) => socket.write(answer) })
      try {
        const webhook = await create({ url: `${raw.url}/in`, timeoutMs: 1_000 })
        const test = async (bytes: string) => {
          answer = bytes
          return (await call('POST', `${WEBHOOKS}/${webhook.id}/test`)).data
        }
        const half = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf'
        const taken = await test(half)
        expect(taken).toMatchObject({ success: true, responseStatus: 202, errorKind: null, error: null })
        const row = api.tested.find(({ deliveryId }) => deliveryId === taken.deliveryId)
        expect(row).toMatchObject({ state: 'success', responseStatus: 202, responseBody: 'half', errorKind: null })
        expect(JSON.parse(row!.requestHeaders!)).toMatchObject({ accept: '*/*' })
        const refused = { success: false, errorKind: 'protocol', error: expect.any(String) }
        expect(await test('HTTP/1.1 200 OK\n\n')).toMatchObject({ ...refused, responseStatus: null })
        expect(await test('HTTP/1.1 101 Switching Protocols\r\n\r\n')).toMatchObject({
          ...refused,
          responseStatus: 101,
        })
      } finally {
        await raw.close()
      }
    })

    it('may be made of one that is switched off, and of no other organization', async () => {
      const webhook = await create({ active: false })
      expect((await call('POST', `${WEBHOOKS}/${webhook.id}/test`)).data.success).toBe(true)
      const stranger = await api.organization('ENTERPRISE')
      expect((await stranger.call('POST', `${WEBHOOKS}/${webhook.id}/test`)).status).toBe(404)
    })
  })

  describe('a webhook whose secret cannot be opened', () => {
    it('can be read and listed, its test says why, and a new secret mends it', async () => {
      const checks = {
        checkUrl: () => undefined,
        validators: createValidators({ cacheMax: 10 }),
        secretKey: 'the key of another installation',
      }
      const elsewhere = createControlPlane({ ...api, ...checks, ids: createIds({ clock, random }), clock, random })
      const given = {
        url: `${receiver.url}/in`,
        events: ['*'],
        signatureProfiles: ['ed25519' as const],
        headers: { 'X-Shop': 'eu-1' },
      }
      const { webhook } = await elsewhere.webhooks.create(
        { actorId: 'operator', requestId: 'req_1' },
        { organizationId: owner.id, environment: 'live' },
        given,
      )
      const path = `${WEBHOOKS}/${webhook.id}`
      await api.view.waitFor(webhook.revision, 5_000)
      expect((await call('GET', path)).data).toMatchObject({ id: webhook.id, publicKey: null })
      expect((await call('GET', WEBHOOKS)).status).toBe(200)
      for (const [method, at, body] of [
        ['POST', `${path}/test`, undefined],
        ['PATCH', path, { name: 'n', verifyOwnership: true }],
      ] as const) {
        const { status, code, body: answer } = await call(method, at, body)
        expect([status, code, answer.error?.message]).toEqual([
          409,
          'secret_unreadable',
          expect.stringContaining('set both again'),
        ])
      }
      expect(
        (await call('PATCH', path, { secret: 'whsec_dGhpcyBpcyBhIG5ldyBzZWNyZXQgb2YgMzIgYnk=', headers: {} })).status,
      ).toBe(200)
      expect((await call('POST', `${path}/test`)).data).toMatchObject({ success: true })
      expect((await call('GET', path)).data.publicKey).toMatch(/^whpk_/)
    })
  })

  describe('ownership', () => {
    it('that is to be verified decides whether the webhook is made', async () => {
      receiver.answerWith(() => ({ status: 404 }))
      const before = (await call('GET', WEBHOOKS)).data.length
      const refused = await call('POST', WEBHOOKS, { url: `${receiver.url}/in`, events: ['*'], verifyOwnership: true })
      expect([refused.status, refused.code, refused.body.error?.details?.[0]?.path]).toEqual([
        409,
        'ownership_not_verified',
        '/url',
      ])
      expect((await call('GET', WEBHOOKS)).data.length).toBe(before)
      receiver.answerWith(() => ({ status: 200 }))
      const made = await create({ verifyOwnership: true })
      expect(JSON.parse(last().body.toString())).toMatchObject({ type: 'webhook.test' })
      expect(verified(made.secret)).toBe(true)
    })

    it('decides likewise on another URL and on switching on, by the settings after the change', async () => {
      const webhook = await create({ active: false })
      receiver.answerWith(({ path }) => ({ status: path === '/new' ? 200 : 500 }))
      const path = `${WEBHOOKS}/${webhook.id}`
      expect((await call('POST', `${path}/activate`, { verifyOwnership: true })).code).toBe('ownership_not_verified')
      expect((await call('PATCH', path, { url: `${receiver.url}/other`, verifyOwnership: true })).code).toBe(
        'ownership_not_verified',
      )
      expect((await call('GET', path)).data).toMatchObject({ active: false, url: `${receiver.url}/in`, revision: 1 })
      const asked = receiver.requests.length
      expect((await call('PATCH', path, { verifyOwnership: true }, { 'if-match': '9' })).code).toBe('revision_conflict')
      expect(receiver.requests.length).toBe(asked)
      expect((await call('PATCH', path, { url: `${receiver.url}/new`, verifyOwnership: true })).status).toBe(200)
      expect((await call('POST', `${path}/activate`, { verifyOwnership: true })).data).toMatchObject({
        active: true,
        revision: 3,
      })
    })
  })
}
