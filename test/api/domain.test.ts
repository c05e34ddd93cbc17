/** The reference domain over HTTP without a platform: the switch, and invoices of usage. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

describe('with REFERENCE_DOMAIN=off', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi({ referenceDomain: 'off' })
  })
  afterAll(() => api?.close())

  it('its paths are not there, with or without a key, and in no document', async () => {
    const organization = await api.organization('ENTERPRISE')
    for (const path of ['/api/v1/orders', '/api/v1/infrastructure/clusters', '/api/v1/invoices', '/api/v1/designs'])
      expect([path, (await organization.call('GET', path)).status]).toEqual([path, 404])
    const document = await organization.call('GET', '/openapi.json')
    expect(JSON.stringify(document.body)).not.toContain('/api/v1/orders')
  })
})

describe('an invoice of usage', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await openTestApi()
  })
  afterAll(() => api?.close())

  it('has a line for each meter with a price, and is made once for a month that is over', async () => {
    const organization = await api.organization('ENTERPRISE')
    const now = new Date()
    const monthsAgo = (count: number) =>
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count, 1)).toISOString().slice(0, 7)
    const body = { customer_id: 'c1', currency: 'EUR', prices: { emits: '0.001', notifications: 0.02 } }
    const make = (month: string) => organization.call('POST', '/api/v1/invoices/usage', { ...body, month })
    expect((await make(monthsAgo(0))).code).toBe('validation_failed')
    const made = await make(monthsAgo(2))
    expect([made.status, made.body]).toEqual([201, expect.anything()])
    expect(made.data).toMatchObject({
      ...{ number: 1, total: 0, usage_month: monthsAgo(2) },
      lines: [
        { sku: 'emits', quantity: '0', unit_price: '0.001' },
        { sku: 'notifications', quantity: '0', unit_price: '0.02' },
      ],
    })
    const unknown = await organization.call('POST', '/api/v1/invoices/usage', {
      ...body,
      month: monthsAgo(3),
      prices: { ink: 1 },
    })
    expect(unknown.code).toBe('validation_failed')
  })
})
