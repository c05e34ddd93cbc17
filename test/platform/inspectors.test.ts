/** A webhook to an inspector of the same installation: delivered, verified, and seen; then failing and delivered. */
import { beforeAll, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

interface Seen {
  signature: string
  deliveryId: string
  headers: Record<string, string>
  body: string
}

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, patient(120_000))

async function seen({ call }: TestOrganization, id: string, count: number): Promise<Seen[]> {
  return until(
    async () => (await call<Seen[]>('GET', `/api/v1/inspectors/${id}/requests`)).data,
    data => data.length >= count,
  )
}

it('a webhook reaches its inspector, signed as it should be, and nothing else of the installation', async () => {
  const organization = await platform.organization()
  const { call, slug } = organization
  const inspector = (await call<{ id: string; url: string }>('POST', '/api/v1/inspectors', { failFirst: 1 })).data
  const made = await call('POST', '/api/v1/webhooks', {
    ...{ url: inspector.url, events: [`${slug}.order.paid`], retry: { delays: [0, 20] } },
    signatureProfiles: ['standard', 'ed25519', 'relay'],
  })
  expect(made.status).toBe(201)
  for (const path of ['/api/v1/organizations', '/inspect/', `${new URL(inspector.url).pathname}/x`])
    expect(await call('POST', '/api/v1/webhooks', { url: `${platform.base}${path}`, events: ['*'] })).toMatchObject({
      code: 'invalid_webhook_url',
    })
  await call('POST', '/api/v1/events/custom', {
    ...{ namespace: slug, name: 'order.paid', version: '1.0.0', status: 'published' },
    payloadSchema: { type: 'object' },
  })
  const body = `{"name":"${slug}.order.paid","payload":{"total":12.50}}`
  expect(await call('POST', '/api/v1/events/custom/emit', body)).toMatchObject({ status: 202 })
  const [second, first] = await seen(organization, inspector.id, 2)
  expect(first).toMatchObject({ signature: 'valid', headers: { 'x-delivery-attempt': '1' } })
  expect(second).toMatchObject({ signature: 'valid', headers: { 'x-delivery-attempt': '2' } })
  expect(second!.deliveryId).toBe(first!.deliveryId)
  expect(second!.body).toContain('"total":12.50')
  const { id } = made.data
  const test = await call<{ responseStatus: number }>('POST', `/api/v1/webhooks/${String(id)}/test`)
  expect(test.status).toBe(200)
})
