/** The log as a client of the kit pulls it, on a whole platform. */
import { beforeAll, expect, it } from '@jest/globals'
import { createClient } from '../../sdks/typescript/src/index.ts'
import { sharedPlatform, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

const clientOf = ({ apiKey }: { apiKey: string }) => createClient({ baseUrl: platform.base, apiKey })

it('an event reaches a pull that waits for it, and a cursor goes on behind it; what was read is counted', async () => {
  const organization = await platform.organization('PRO')
  const { events, usage } = clientOf(organization)
  const start = await events.pull({ types: '*' })
  expect([start.data, start.atEnd]).toEqual([[], true])
  let streamed = 0
  const pull = async (query: Parameters<typeof events.pull>[0]) => {
    const page = await events.pull(query)
    streamed += page.data.length
    return page
  }
  /** A page ends after a second of reading: on a busy machine it may be empty before the wait is over. */
  const found = async (types: string | string[], from: string) => {
    for (let cursor = from; ; ) {
      const page = await pull({ types, cursor, waitSeconds: 20 })
      if (page.data.length > 0) return page
      cursor = page.nextCursor
    }
  }
  const waiting = found(['platformxe.generic#a'], start.nextCursor)
  for (const kind of ['b', 'a', 'c'])
    await events.custom.emit({ name: 'platformxe.generic', payload: { kind }, subject: 'one' })
  const first = await waiting
  expect(first.data.map(({ sequence, data }) => [sequence, data])).toEqual([[2, { kind: 'a' }]])
  const rest = await found('*', first.nextCursor)
  expect(rest.data.map(({ sequence }) => sequence)).toEqual([3])
  await until(
    () => pull({ types: '*', from: start.nextCursor }),
    ({ data }) => data.length === 3,
  )
  await until(usage, answer => (answer.meters as Record<string, number>).streamed_events === streamed)
}, 60_000)

it('a webhook’s gap comes with its deliveries, in the order of the numbers', async () => {
  const organization = await platform.organization('PRO')
  const { events } = clientOf(organization)
  await events.custom.emit({ name: 'platformxe.generic', payload: { kind: 'before' } })
  const receiver = await createReceiver()
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
    ...{ url: receiver.url, events: ['platformxe.generic#a', 'platformxe.generic#before'] },
  })
  const { id } = made.data
  for (const kind of ['a', 'b', 'a']) await events.custom.emit({ name: 'platformxe.generic', payload: { kind } })
  const gap = await events.gap({ first: 1, last: 4, webhook: id })
  expect(gap.data.map(({ event, delivery }) => [event.sequence, delivery === null])).toEqual([
    [1, true],
    [2, false],
    [4, false],
  ])
  expect(gap.data[1]!.delivery).toMatchObject({ id: expect.stringMatching(/^dlv_/), status: expect.any(String) })
  await receiver.close()
})

it('lifecycle events of the organization’s list are in the log, and built-in events are there whoever selects them', async () => {
  const organization = await platform.organization('PRO')
  const { events } = clientOf(organization)
  expect(await events.lifecycle.set(['WEBHOOK_CREATED'])).toEqual(['WEBHOOK_CREATED'])
  expect(await events.lifecycle.get()).toEqual(['WEBHOOK_CREATED'])
  const receiver = await createReceiver()
  await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['unheard.event'] })
  await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${organization.org.id}/suspend`)
  const page = await until(
    () => events.pull({ types: '*', includeLifecycle: true, from: 'earliest' }),
    ({ data }) => data.length === 2,
  )
  expect(page.data.map(({ type, sequence }) => [sequence, type])).toEqual([
    [1, 'WEBHOOK_CREATED'],
    [2, 'tenant.suspended'],
  ])
  expect((await events.pull({ types: '*', from: 'earliest' })).data.map(({ type }) => type)).toEqual([
    'tenant.suspended',
  ])
  await receiver.close()
})
