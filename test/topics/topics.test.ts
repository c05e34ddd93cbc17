import { expect, it } from '@jest/globals'
import { RETRY_TIERS } from '../../topics/deliveries-retry.ts'

it('retry tiers stand shortest first', () => {
  const delays = RETRY_TIERS.map(tier => tier.delayMs)
  expect(delays).toEqual([...delays].sort((a, b) => a - b))
})
