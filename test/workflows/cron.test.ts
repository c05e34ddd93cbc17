import { describe, expect, it } from '@jest/globals'
import { leastPeriodMinutes, parseCron } from '../../src/workflows/cron.ts'

function periodOf(text: string): number {
  const parsed = parseCron(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return leastPeriodMinutes(parsed.fields)
}

describe('a cron pattern', () => {
  it.each([
    ['* * * * *', 1],
    ['*/5 * * * *', 5],
    ['0,7 * * * *', 7],
    ['58,3 * * * *', 5],
    ['0 6 * * MON-FRI', 1_440],
    ['30 6,18 1 JAN,jul *', 720],
    ['0 0,23 * * 7', 60],
    ['10-20/10 2 29 2 *', 10],
    ['5/20 * * * *', 20],
  ])('%s ticks %i minutes apart at the least', (text, minutes) => {
    expect(periodOf(text)).toBe(minutes)
  })

  it('takes Sunday as 0 and as 7', () => {
    const [zero, seven] = ['0 0 * * 0', '0 0 * * 7'].map(text => parseCron(text))
    expect(zero).toEqual(seven)
  })

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '*-5 * * * *',
    '1,,2 * * * *',
    '-1 * * * *',
    '1.5 * * * *',
    'MON * * * *',
    '@daily',
    '0 0 30 2 *',
    '0 0 31 4,6 *',
    `0 0 ${'1,'.repeat(200)}1 * *`,
  ])('%j is none, and its message says what is wrong', text => {
    expect(parseCron(text)).toEqual({ ok: false, message: expect.stringMatching(/^(?:must have|has|names) /) })
  })
})
