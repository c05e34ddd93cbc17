import { expect, it } from '@jest/globals'
import { freeWebhookId } from '../../src/control-plane/webhooks/webhook-ids.ts'
import type { Webhook } from '../../src/model/webhooks.ts'

const webhooks = ['wh_01kweftzws5nbc5anvkbnntnsm', 'cefm_01kwefyq1qttdqskh7pgkhvzt8'].map(id => ({ id }) as Webhook)
const drawing = (...drawn: string[]) => ({ next: () => drawn.shift()! })

it('an id is drawn again while another webhook or peer of the organization has its subscriber key', () => {
  const ids = drawing('wh_01kwzzzzzz5nbc5anvkbnntnsm', 'wh_01kwzzzzzzzzzzskh7pgkhvzt8', 'wh_01kwzzzzzz5nbc5anvkbnntnsn')
  expect(freeWebhookId(ids, 'wh', webhooks)).toBe('wh_01kwzzzzzz5nbc5anvkbnntnsn')
})

it('an id that was drawn before is kept when its key is free', () => {
  expect(freeWebhookId(drawing(), 'cefm', webhooks, 'cefm_01kwefyq1qttdqskh7pgkhvzt9')).toBe(
    'cefm_01kwefyq1qttdqskh7pgkhvzt9',
  )
})
