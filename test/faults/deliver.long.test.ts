/** `deliver` while others join, leave and die: every attempt is made as said, and said as made. */
import { describe, expect, it } from '@jest/globals'
import {
  attemptsOf,
  deliverer,
  emit,
  expectExactLog,
  numberOf,
  platform,
  random,
  receiver,
  succeeded,
  webhook,
} from './deliverers.ts'

describe('others that join, leave and die', () => {
  it('change neither counts nor due times, and no subject is ever overtaken', async () => {
    const count = 240
    const organization = await platform.organization()
    const flaky = await receiver(() => ({ status: random.uniform() < 0.12 ? 500 : 200 }))
    const delays = [0, ...Array.from({ length: 7 }, () => '1m')]
    const plain = await receiver(request => ({ status: numberOf(request) === 1 ? 503 : 200 }))
    const ordered = await webhook(organization, flaky.url, { ordering: 'block', maxInFlight: 20, retry: { delays } })
    const counted = await webhook(organization, plain.url, { retry: { delays: [0, '5m', '5m'] } })
    await deliverer()
    const subject = () => `s${Math.floor(random.uniform() * 12)}`
    await emit(organization, count / 3, subject)
    const joining = await deliverer()
    await emit(organization, count / 3, subject)
    await joining.stop()
    const dying = await deliverer()
    await emit(organization, count / 3, subject)
    await dying.kill()

    const inOrder = await succeeded(organization, ordered, count)
    expect(inOrder.filter(({ status }) => status === 'success')).toHaveLength(count)
    const seen = new Map<string, number[]>()
    for (const { body } of flaky.requests) {
      const { subject: about, sequence } = JSON.parse(body.toString()) as { subject: string; sequence: number }
      seen.set(about, [...(seen.get(about) ?? []), sequence])
    }
    for (const [about, sequences] of seen)
      expect([about, sequences]).toEqual([about, sequences.toSorted((a, b) => a - b)])

    const retried = await succeeded(organization, counted, count)
    // A request in flight during a kill was repeated under its number; the log has each number once.
    expect(retried.filter(({ attempts, status }) => attempts !== 2 || status !== 'success').length).toBe(0)
    for (const delivery of retried.slice(0, 40)) expectExactLog(await attemptsOf(organization, delivery))
  }, 180_000)
})
