/** Contracts of queues: checked as schemas are, and judged beside those of webhooks. */
import { expect, it } from '@jest/globals'
import { checkedSettings } from '../../src/control-plane/queues/queue-settings.ts'
import { judgedContracts } from '../../src/control-plane/registrations/receiver-contracts.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import { createValidators } from '../../src/registry/validators.ts'

const validators = createValidators({ cacheMax: 10 })
const NEEDS_TOTAL = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] }

it('a contract of a queue is checked as a payload schema is', () => {
  const checked = (contracts: Record<string, unknown>) => checkedSettings({ contracts }, { validators })
  expect(checked({ 'shop.order': NEEDS_TOTAL })).toEqual({ contracts: { 'shop.order': NEEDS_TOTAL } })
  expect(() => checked({ order: NEEDS_TOTAL })).toThrow(expect.objectContaining({ code: 'validation_failed' }))
  expect(() => checked({ 'shop.order': { type: 'none' } })).toThrow("'/contracts/shop.order/type'")
})

it('a version that a queue selects is held against its contract, and named as one of a queue', () => {
  const queue = { id: 'que_1', name: 'totals', selectors: ['shop.*'], contracts: { 'shop.order': NEEDS_TOTAL } }
  const other = { ...queue, id: 'que_2', selectors: ['other.*'] }
  const queues = [queue, other, { ...queue, contracts: undefined }] as unknown as QueueRecord[]
  const schema = { type: 'object', properties: { total: { type: 'number' } } } as const
  const judged = judgedContracts(
    { webhooks: [], queues, workflows: [] },
    {
      ...{ fullName: 'shop.order', version: '1.1.0', canonicalName: 'TENANT_CUSTOM:org_1:shop.order@1.1.0', schema },
    },
  )
  expect(judged).toMatchObject([{ receiver: { kind: 'queue', id: 'que_1', name: 'totals' }, holds: false }])
})
