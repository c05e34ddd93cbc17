/** State and retry topics as the release before wrote them: read, and brought to their ends. */
import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/events/ids.ts'
import { avroCodec } from '../../../topics/avro.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { RETRY_TIERS, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import { catchUpKeys, deliveryCatchUps, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import { deliveryState, deliveryStateKeys, openEventCodec } from '../../../topics/delivery-state.ts'
import { createMemoryShard, type MemoryShard } from './memory-shard.ts'

const released = JSON.parse(readFileSync(new URL('../../../topics/released-schemas.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown[]
>
/** As the release before encoded it. */
const before = (name: string, value: unknown) => avroCodec(released[`clarion.${name}`]![0], []).encode(value)
const tier = (label: string) => RETRY_TIERS.find(({ topic }) => topic.name.endsWith(`-${label}`))!.topic.name

/** A delivery that had stepped aside, and the entry that counted it. */
function aside(shard: MemoryShard, webhookId: string, event: EventFacts, label: string): void {
  const id = deliveryId(event.eventId, webhookId)
  const at = shard.clock.nowMs() - 3_600_000
  const facts = { attempts: 0, dueAtMs: at, trigger: 'live', replayId: null, once: false, createdAtMs: at } as const
  const value = retryRecordCodec.encode({ event, payload: Buffer.from('{}'), webhookId, deliveryId: id, ...facts })
  shard.append({ topic: tier(label), partition: 0, key: webhookId, value })
  const { eventId, emitId, organizationId, recordedAtMs } = event
  const open = { open: 1, deliveries: 1, failed: false, emitId, organizationId, environment: 'live', recordedAtMs }
  shard.append({ topic: deliveryState.name, partition: 0, key: deliveryStateKeys.ofOpen(eventId), value: before('OpenEvent', open) })
}

it('ends what had stepped aside, was owed to a webhook that was off, or waited in a lane', async () => {
  const shard = createMemoryShard()
  shard.webhook('wh_a', { active: false })
  shard.webhook('wh_b', {})
  shard.webhook('wh_c', { ordering: 'block' })
  // Of a webhook that was off the log had no list of subscribers, and the emits had been completed.
  for (let at = 0; at < 20; at++) shard.logged({ partition: 0 })
  const parked = {
    organizationId: shard.organizationId,
    replayId: 'rpl_1',
    fromSequence: 1,
    throughSequence: 20,
    cursors: [{ partition: 0, offset: 4, done: [6] }],
  }
  shard.append({ topic: deliveryCatchUps.name, partition: 0, key: catchUpKeys.ofParked('wh_a'), value: before('ParkedWebhook', parked) })
  for (let at = 0; at < 300; at++) aside(shard, 'wh_b', shard.logged(), at % 2 === 0 ? '1s' : '1m')
  const lined = [shard.logged({ subject: 'x' }), shard.logged({ subject: 'x' }), shard.logged({ subject: 'x' })]
  for (const event of [lined[2]!, lined[0]!, lined[1]!]) aside(shard, 'wh_c', event, '1s')
  const steps = [lined[0]!.sequence, 1, 1]
  const lane = before('LaneState', { steps, readTo: 0 })
  shard.append({ topic: deliveryState.name, partition: 0, key: deliveryStateKeys.ofLane('wh_c', 'x'), value: lane })

  shard.open()
  await shard.settle()
  await shard.advance(120_000, 1_000)
  const ended = (webhookId: string) => shard.rows.filter(row => row.webhookId === webhookId && row.state === 'success')
  expect(ended('wh_b')).toHaveLength(300)
  expect(ended('wh_c').map(({ sequence }) => sequence)).toEqual(lined.map(({ sequence }) => sequence))
  expect(shard.completions).toHaveLength(303)

  shard.webhook('wh_a', { active: true })
  await shard.advance(20_000, 1_000)
  const dealtWith = [1, 2, 3, 4, 7]
  expect(ended('wh_a').map(({ sequence }) => sequence)).toEqual(
    [...Array(20).keys()].map(at => at + 1).filter(number => !dealtWith.includes(number)),
  )
  expect(ended('wh_a').every(({ replayId }) => replayId === 'rpl_1')).toBe(true)
  expect(shard.completions).toHaveLength(303)
  await shard.advance(10_000, 1_000)
  expect(shard.ranges().size).toBe(0)
  for (const prefix of ['open/', 'lane/', 'parked/', 'owed/']) expect(shard.state(prefix)).toEqual([])
  expect(shard.failures).toEqual([])
})

it('writes state that the release before refuses, instead of passing over it', async () => {
  const shard = createMemoryShard()
  shard.webhook('wh_a', { active: false })
  shard.open()
  shard.emit(['wh_a', 'wh_b'])
  await shard.advance(3_000, 1_000)
  const [state] = shard.state('parked/')
  const old = avroCodec(released['clarion.ParkedWebhook']![0], [])
  expect(() => old.decode(state!.value!)).toThrow('newer release')
  expect(() => parkedWebhookCodec.decode(state!.value!)).not.toThrow()
  const entry = openEventCodec.encode({ ...OPEN, organizationId: shard.organizationId })
  expect(() => avroCodec(released['clarion.OpenEvent']![0], []).decode(entry)).toThrow('newer release')
})

const OPEN = {
  ...{ open: -1, deliveries: 2, failed: false, emitId: 'cee_1', environment: 'live' as const, recordedAtMs: 1 },
  ...{ away: 1, owedBy: Buffer.alloc(0), number: 1 },
}
