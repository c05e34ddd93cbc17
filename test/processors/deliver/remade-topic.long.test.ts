/**
 * `deliver` on a real broker while one of its topics is deleted and made again: its offsets begin anew, and identify
 * other records.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { deliveries } from '../../../topics/deliveries.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { deliveryPositionCodec, deliveryState, deliveryStateKeys } from '../../../topics/delivery-state.ts'
import { configOf } from '../../../topics/topic.ts'
import { createReceiver, type ReceivedRequest } from '../../support/receiver.ts'
import { createHarness, type Harness, type RunningShard, type Stage } from './harness.ts'

const SHORTEST = RETRY_TIERS[0]!.topic.name
let harness: Harness
const closing: Array<() => Promise<unknown>> = []
beforeEach(async () => {
  harness = await createHarness()
  closing.push(() => harness.close())
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function run(stage: Stage): RunningShard {
  const running = stage.run()
  closing.push(() => running.crash())
  return running
}

async function receiver(options: Parameters<typeof createReceiver>[0]) {
  const made = await createReceiver(options)
  closing.push(() => made.close())
  return made
}

async function makeAnew(topic: typeof deliveries): Promise<void> {
  await harness.runtime.deleteTopic(harness.runtime.name(topic.name))
  for (let tries = 1; ; tries++) {
    try {
      await harness.runtime.createTopic(topic.name, harness.shards, configOf(topic))
      return
    } catch (error) {
      // The name is free when every broker has deleted it.
      if (tries === 100) throw error
      await harness.pause()
    }
  }
}

const eventOf = ({ headers }: ReceivedRequest) => headers['x-event-id']

describe('a topic that was made anew', () => {
  it('while no shard was open is read from its start, and the position names the topic id', async () => {
    const stage = harness.stage()
    const { url, requests } = await receiver({ answer: () => ({ status: 200 }) })
    stage.webhook('wh_1', url)
    const before = run(stage)
    await stage.publish(...Array.from({ length: 20 }, () => ['wh_1']))
    await stage.succeeded(20)
    await before.crash()
    await makeAnew(deliveries)
    await stage.publish(['wh_1'], ['wh_1'])
    run(stage)
    await stage.succeeded(22)
    const ids = requests.map(eventOf)
    expect([ids.length, new Set(ids).size]).toEqual([22, 22])
    const isOfAnother = (records: Parameters<typeof positionsOf>[0]) =>
      new Set(positionsOf(records).map(({ topicId }) => topicId)).size === 2
    const states = await stage.tail(deliveryState.name).until(isOfAnother)
    expect(positionsOf(states).at(-1)!.nextOffset).toBeLessThan(20)
  })

  it('while its deliveries are in hand loses none of them, also when the process dies then; their order stays', async () => {
    const stage = harness.stage()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const firstLate = { answer: ({ number }: ReceivedRequest) => (number === 1 ? { late: released } : { status: 200 }) }
    const [slow, ordered] = [await receiver(firstLate), await receiver(firstLate)]
    stage.webhook('wh_slow', slow.url, { maxInFlight: 1, timeoutMs: 30_000 })
    stage.webhook('wh_ordered', ordered.url, { ordering: 'block', timeoutMs: 30_000 })
    const retries = stage.tail(SHORTEST)
    const before = run(stage)
    await stage.publish(...Array.from({ length: 4 }, () => ['wh_slow']))
    await stage.publishAbout('wh_ordered', 'a', 'a', 'a')
    await Promise.all([slow.received(1), ordered.received(1)])
    await makeAnew(deliveries)
    await stage.publishAbout('wh_ordered', 'a')
    await retries.until(records => records.length >= 5)
    // Deliveries in flight have no record any more, and end like any other.
    release()
    await stage.succeeded(2)
    await before.crash()
    run(stage)
    await stage.succeeded(8)
    const rows = stage.rowsSoFar().filter(({ state }) => state === 'success')
    expect(new Set(rows.map(({ deliveryId }) => deliveryId)).size).toBe(8)
    const inOrder = rows.filter(({ webhookId }) => webhookId === 'wh_ordered').map(({ sequence }) => sequence)
    expect(inOrder).toEqual([5, 6, 7, 8])
  })
})

function positionsOf(records: ReadonlyArray<{ key: Buffer | null; value: Buffer | null }>) {
  const key = deliveryStateKeys.ofPosition(deliveries.name)
  return records.flatMap(record =>
    record.key?.toString() === key && record.value ? [deliveryPositionCodec.decode(record.value)] : [],
  )
}
