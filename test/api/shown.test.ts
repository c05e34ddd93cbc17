import { expect, it } from '@jest/globals'
import { NO_ACTIVITY } from '../../src/analytics/read/webhook-reads.ts'
import { presentWebhook } from '../../src/api/webhooks/presenter.ts'
import type { Webhook } from '../../src/model/webhooks.ts'

it('a former secret is shown as long as it signs', () => {
  const webhook = { id: 'wh_1', retryDelaysMs: [0], previousSecretExpiresAt: '2026-01-02T00:00:00.000Z' } as Webhook
  const toldAt = (nowMs: number) =>
    presentWebhook(webhook, null, { activity: NO_ACTIVITY, waiting: null }, nowMs).previousSecretExpiresAt
  expect(toldAt(Date.UTC(2026, 0, 1, 23, 59))).toBe('2026-01-02T00:00:00.000Z')
  expect(toldAt(Date.UTC(2026, 0, 2))).toBeNull()
})
