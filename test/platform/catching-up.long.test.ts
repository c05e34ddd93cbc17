/** `kill -9` of the whole platform while a webhook catches up. */
import { expect, it } from '@jest/globals'
import { startPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { emit, numberOf, range, webhook } from './numbered-events.ts'

it('a webhook that was off catches up although the whole platform is killed in the middle of it, and repeats only uncommitted requests', async () => {
  const first = await startPlatform()
  const organization = await first.organization()
  // Requests after the first 149 hang until the platform is killed, so the test knows what had been committed.
  let isKilled = false
  const receiver = await createReceiver({
    answer: ({ number }) => (number < 150 || isKilled ? { status: 204 } : 'hang'),
  })
  const { id } = await webhook(organization, receiver.url, { active: false })
  const subject = (n: number) => `s${n % 4}`
  await emit(organization, 0, 400, subject)
  await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: true })
  await receiver.received(150)
  const { data } = await until(
    () => organization.call<{ counters: { succeeded: number } | null }>('GET', `/api/v1/webhooks/${id}`),
    answer => answer.data.counters?.succeeded === 149,
  )
  expect(data.counters?.succeeded).toBe(149)
  await first.kill()
  isKilled = true
  const hung = receiver.requests.length - 149
  const second = await startPlatform({ dataDir: first.dataDir })
  const seen = await until(
    async () => new Set(receiver.requests.map(numberOf)),
    found => found.size === 400,
  )
  expect(seen.size).toBe(400)
  expect(receiver.requests).toHaveLength(400 + hung)
  for (const lane of range(0, 4)) {
    const firsts = [...new Set(receiver.requests.map(numberOf).filter(n => n % 4 === lane))]
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
  }
  await second.stop()
  await receiver.close()
}, 180_000)
