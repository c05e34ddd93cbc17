/** `kill -9` of the whole platform and its broker in the middle of a replay. */
import { expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { emit, ended, get, hook, itemsOf, numberOf, replay } from './replaying.ts'

it('a replay to several webhooks goes on after the whole platform and its broker are killed in the middle', async () => {
  const first = await startPlatform()
  const organization = await first.organization()
  let isKilled = false
  const hanging = (number: number) => !isKilled && number >= 60
  const receiver = await createReceiver({ answer: ({ number }) => (hanging(number) ? 'hang' : { status: 204 }) })
  const from = new Date(Date.now() - 1_000).toISOString()
  await emit(organization, 100)
  const ids = [await hook(organization, `${receiver.url}/a`), await hook(organization, `${receiver.url}/b`)]
  const off = await hook(organization, receiver.url, { active: false })
  const started = await replay(organization, {
    ...{ source: { from }, target: { kind: 'webhook', ids: [...ids, off] }, options: { ratePerSecond: 100 } },
  })
  await receiver.received(60)
  await until(
    () => get(organization, started.id),
    ({ progress }) => progress.succeeded === 59 && progress.skipped === 100,
  )
  await first.kill()
  const hung = receiver.requests.length - 59
  isKilled = true
  const second = await startPlatform({ dataDir: first.dataDir })
  const again = { ...organization, call: second.call.bind(undefined, organization.apiKey) } as TestOrganization
  const done = await ended(again, started)
  expect(done).toMatchObject({
    state: 'completed',
    progress: { matched: 300, succeeded: 200, skipped: 100, failed: 0 },
  })
  for (const path of ['/a', '/b']) {
    const seen = new Set(receiver.requests.filter(request => request.path === path).map(numberOf))
    expect(seen.size).toBe(100)
  }
  expect(receiver.requests.length).toBe(200 + hung)
  const skipped = (await itemsOf(again, done)).filter(({ target }) => target.id === off)
  expect(new Set(skipped.map(({ eventId }) => eventId)).size).toBe(skipped.length)
  await second.stop()
  await receiver.close()
}, 180_000)
