/** The sample code of the source documents, unchanged, against a running platform. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import { createClient, rawBody } from '../../../sdks/typescript/src/index.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { asListener, serve } from '../support/served.ts'
import * as platforma from './platforma-sample.ts'
import * as platphorm from './platphorm-sample.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

/** Publishes a built-in event, as a service of the platform does. */
async function publish(organization: TestOrganization, type: string, data: object): Promise<void> {
  const body = { organizationId: organization.org.id, type, data }
  const { status, code } = await platform.call(platform.adminKey, 'POST', '/api/v1/platform/events', body)
  expect([type, status, code]).toEqual([type, 202, undefined])
}

describe('PLATFORMA', () => {
  it('its registration and its receiver work as they are written, with rawBody() before the parser', async () => {
    const organization = await platform.organization()
    const webhookDefaults = { wireFormat: 'platforma', signatureProfiles: ['platforma' as const] }
    const client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey, webhookDefaults })
    const webhook = await platforma.register(client)
    expect(webhook).toMatchObject({ secret: 'whsec_your_signing_secret', active: true, wireFormat: 'platforma' })

    const called: unknown[][] = []
    const action = (name: string) => (...given: unknown[]) => void called.push([name, ...given]) // biome-ignore format: one thought
    const app = express()
    app.use(rawBody(), express.json())
    platforma.receive(app, {
      sendWelcomeEmail: action('welcome'),
      notifyOpsTeam: action('ops'),
      autoScaleCluster: action('scale'),
    })
    const served = await serve(app)
    const url = `${served.url}/webhooks/platforma`
    await client.events.webhooks.update(webhook.id, { url, events: [...webhook.events, 'alert.triggered'] })

    await publish(organization, 'order.provisioned', { order_id: 'o1', customer_id: 'c1', resources: [{ id: 'r1' }] })
    await publish(organization, 'order.failed', { order_id: 'o2', error: 'no room' })
    await publish(organization, 'alert.triggered', {
      alert_id: 'a1',
      metric: 'cpu',
      value: 91.5,
      threshold: 90,
      cluster_id: 'k1',
    })
    await publish(organization, 'alert.triggered', {
      alert_id: 'a2',
      metric: 'cpu',
      value: 90,
      threshold: 90,
      cluster_id: 'k2',
    })
    const succeeded = () => client.events.webhooks.deliveries(webhook.id, { status: 'success' })
    expect((await until(succeeded, ({ data }) => data.length === 4)).data).toHaveLength(4)
    expect(called.sort()).toEqual([['ops', 'o2', 'no room'], ['scale', 'k1'], ['welcome', 'c1', [{ id: 'r1' }]]]) // biome-ignore format: a table

    const forged = { 'content-type': 'application/json', 'x-platforma-signature': 'ab'.repeat(32) }
    for (const headers of [forged, { 'content-type': 'application/json' }]) {
      const answer = await fetch(url, { method: 'POST', headers, body: '{"type":"order.failed","data":{}}' })
      expect([answer.status, await answer.json()]).toEqual([401, { error: 'Invalid signature' }])
    }
    expect(called).toHaveLength(3)
    await served.close()
  })
})

describe('Platphorm Design', () => {
  it('its registration, receiver, delivery log and manual retry work as they are written', async () => {
    const organization = await platform.organization()
    const ids = { wh_abc123: '', evt_def456: '' }
    const statuses: number[] = []
    const there: typeof fetch = async (path, init) => {
      const headers = { ...(init?.headers as Record<string, string>), 'X-PlatPhorm-API-Key': organization.apiKey }
      const url = platform.base + String(path).replace('wh_abc123', ids.wh_abc123).replace('evt_def456', ids.evt_def456)
      const answer = await fetch(url, { ...init, headers })
      statuses.push(answer.status)
      return answer
    }
    const webhook = (await platphorm.register(there)) as Record<string, unknown>
    expect(webhook).toEqual({
      id: expect.stringMatching(/^wh_/),
      url: 'https://your-app.com/webhooks/platphorm',
      events: ['design.created', 'design.exported', 'design.shared'],
      secret: 'your-webhook-secret',
      active: true,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    ids.wh_abc123 = webhook.id as string

    const handled: Array<{ id: string; type: string; data: unknown; metadata: unknown; apiVersion: unknown }> = []
    const POST = platphorm.receiver({ env: { WEBHOOK_SECRET: 'your-webhook-secret' } }, event => handled.push(event))
    const served = await serve(asListener(POST))
    await organization.call('PATCH', `/api/v1/webhooks/${webhook.id}`, { url: served.url })
    await publish(organization, 'design.exported', {
      designId: 'd1',
      format: 'pdf',
      preset: 'print',
      exportUrl: 'https://example.com/d1.pdf',
    })
    const log = () => platphorm.logs(there) as Promise<{ deliveries: Array<Record<string, unknown>> }>
    const { deliveries: [delivery] } = await until(log, ({ deliveries }) => deliveries[0]?.status === 'success') // biome-ignore format: one thought
    expect(delivery).toEqual({
      id: handled[0]!.id,
      event: 'design.exported',
      timestamp: expect.stringMatching(/Z$/),
      status: 'success',
      responseStatus: 200,
      responseTime: expect.any(Number),
      attempts: 1,
    })
    expect(handled[0]).toMatchObject({
      type: 'design.exported',
      apiVersion: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      data: { designId: 'd1', format: 'pdf' },
      metadata: { source: 'platphorm-design', environment: 'production', designId: 'd1' },
    })

    ids.evt_def456 = handled[0]!.id
    // A retry takes the event's payload from the history, where it is written by itself, a moment before or after the delivery.
    const { data } = await until(
      () => organization.call<Array<{ eventId: string }>>('GET', `/api/v1/webhooks/${webhook.id}/deliveries`),
      found => found.data.length > 0,
    )
    const [listed] = data
    const history = () => organization.call<{ payload: unknown }>('GET', `/api/v1/events/${listed!.eventId}`)
    await until(history, ({ data }) => data?.payload)
    await platphorm.retry(there)
    expect(statuses.at(-1)).toBe(202)
    await until(
      () => handled.length,
      count => count === 2,
    )
    expect(handled.map(event => event.id)).toEqual([handled[0]!.id, handled[0]!.id])

    const forged = await fetch(served.url, {
      method: 'POST',
      headers: { 'X-Platphorm-Signature': `sha256=${'ab'.repeat(32)}` },
      body: '{}',
    })
    expect([forged.status, await forged.text()]).toEqual([401, 'Invalid signature'])
    await served.close()
  })
})
