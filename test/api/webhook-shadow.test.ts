import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const said = ({ status, code }: { status: number; code: string | undefined }) => [status, code]
async function hooked() {
  const org = await api.organization('PRO')
  const { data } = await org.call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
  return { ...org, webhookId: data.id as string, path: `/api/v1/webhooks/${data.id}/shadow` }
}
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

describe('the shadow of a webhook', () => {
  it('is set for a day, read with its report, replaced and ended', async () => {
    const { call, path, webhookId } = await hooked()
    expect(said(await call('GET', path))).toEqual([404, 'not_found'])
    const input = { url: 'https://candidate.example.com/a', share: 25, headers: { 'x-key': 'secret' } }
    const made = await call('PUT', path, input)
    expect([made.status, made.data]).toEqual([
      200,
      {
        ...{ url: input.url, share: 25, headerNames: ['x-key'], active: true },
        ...{ since: expect.any(String), until: expect.any(String) },
      },
    ])
    expect(Date.parse(made.data.until) - Date.parse(made.data.since)).toBe(86_400_000)
    const read = await call('GET', path)
    expect(read.data).toEqual({ ...made.data, report: expect.objectContaining({ mirrored: 0, differing: [] }) })
    expect(JSON.stringify(read.body)).not.toContain('secret')
    expect((await call('PUT', path, { url: input.url, share: 100, until: inDays(6.9) })).data).toMatchObject({
      ...{ share: 100, headerNames: [] },
    })
    expect((await call('DELETE', path)).data).toEqual({ id: webhookId, deleted: true })
    expect(said(await call('DELETE', path))).toEqual([404, 'not_found'])
  })

  it.each([
    ['a share of nothing', { share: 0 }, 'validation_failed', '/share'],
    ['a share of more than all', { share: 101 }, 'validation_failed', '/share'],
    ['an end in the past', { until: inDays(-1) }, 'validation_failed', '/until'],
    ['an end beyond a week', { until: inDays(7.1) }, 'validation_failed', '/until'],
    ['plain http', { url: 'http://candidate.example.com' }, 'https_required', undefined],
    ['a loopback address', { url: 'https://127.0.0.1/a' }, 'invalid_webhook_url', undefined],
    ['a header of the platform', { headers: { 'webhook-id': 'x' } }, 'header_not_allowed', '/headers/webhook-id'],
  ])('with %s is refused', async (_, more, code, path) => {
    const hook = await hooked()
    const reply = await hook.call('PUT', hook.path, { url: 'https://candidate.example.com/a', share: 10, ...more })
    const details = reply.body.error?.details
    expect([...said(reply), ...(path === undefined ? [] : [details?.[0]?.path])]).toEqual([
      ...[400, code],
      ...(path === undefined ? [] : [path]),
    ])
  })

  it('goes with its webhook, and is nobody else’s', async () => {
    const [hook, other] = [await hooked(), await api.organization('PRO')]
    await hook.call('PUT', hook.path, { url: 'https://candidate.example.com/a', share: 10 })
    expect(said(await other.call('GET', hook.path))).toEqual([404, 'not_found'])
    expect(said(await other.call('DELETE', hook.path))).toEqual([404, 'not_found'])
    await hook.call('DELETE', `/api/v1/webhooks/${hook.webhookId}`)
    expect(api.view.find('shadow', hook.id, hook.webhookId)).toBeUndefined()
  })
})
