import { describe, expect, it } from '@jest/globals'
import { createFailingStreaks } from '../../src/delivery/failing-streaks.ts'

describe('a webhook', () => {
  it('is failing from its twentieth failure in a row until its next success', () => {
    const streaks = createFailingStreaks()
    for (let n = 1; n <= 19; n++) streaks.recordResult('wh_1', false)
    expect(streaks.isFailing('wh_1')).toBe(false)
    streaks.recordResult('wh_1', false)
    streaks.recordResult('wh_1', false)
    expect([streaks.isFailing('wh_1'), streaks.isFailing('wh_2')]).toEqual([true, false])
    streaks.recordResult('wh_1', true)
    expect(streaks.isFailing('wh_1')).toBe(false)
  })

  it('has no past once it is forgotten', () => {
    const streaks = createFailingStreaks()
    for (let n = 1; n <= 20; n++) streaks.recordResult('wh_1', false)
    streaks.forget('wh_1')
    expect(streaks.isFailing('wh_1')).toBe(false)
  })
})
