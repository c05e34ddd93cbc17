/** Cancellations of deliveries that the shard does not have in hand: in a retry topic, owed, or not read yet. */
import { describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/model/ids.ts'
import { deliveriesCommands } from '../../../topics/deliveries-commands.ts'
import { deliveryPositionCodec } from '../../../topics/delivery-state.ts'
import { emit, endsWithReasons, MINUTE, numbersOf, SECOND, started } from './owed-setup.ts'

describe('a cancellation', () => {
  it('finds a delivery that has moved into a retry topic a moment ago, and is not visible there yet', async () => {
    const shard = await started()
    shard.answer('wh_a', 'fail')
    shard.delayRetries()
    const event = shard.emit(['wh_a'])
    await shard.settle()
    expect(shard.rows).toMatchObject([{ state: 'retrying' }])
    shard.cancel('wh_a', event)
    await shard.advance(5 * SECOND, SECOND)
    shard.settleMarkers()
    await shard.advance(10 * MINUTE, 10 * SECOND)
    expect(shard.requests).toHaveLength(1)
    expect(shard.rows.at(-1)).toMatchObject({ state: 'cancelled', reason: 'manual', number: 1 })
    expect(shard.completions).toHaveLength(1)
  })

  it('finds what is owed by its number alone', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    const events = emit(shard, 3, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    const { eventId, sequence } = events[1]!
    const id = deliveryId(eventId, 'wh_a')
    shard.command({ kind: 'cancel', webhookId: 'wh_a', deliveryId: id, event: null, sequence })
    await shard.advance(3 * SECOND, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual(['2 cancelled manual'])
  })

  it('waits for its own log only: others are cancelled meanwhile', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    shard.webhook('wh_t', { active: false, environment: 'test' })
    const hidden = shard.emit(['wh_a'], { isLate: true })
    const shown = shard.emit(['wh_t'], { environment: 'test' })
    await shard.advance(3 * SECOND, SECOND)
    shard.cancel('wh_a', hidden)
    shard.cancel('wh_t', shown)
    await shard.advance(20 * SECOND, SECOND)
    expect(endsWithReasons(shard, 'wh_t')).toEqual(['2 cancelled manual'])
    expect(endsWithReasons(shard, 'wh_a')).toEqual([])
    shard.settleMarkers()
    await shard.advance(10 * SECOND, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual(['1 cancelled manual'])
  })

  it('that is called for twice ends both commands', async () => {
    const shard = await started()
    shard.webhook('wh_a', { active: false })
    const event = shard.emit(['wh_a'], { isLate: true })
    await shard.advance(3 * SECOND, SECOND)
    for (let call = 0; call < 2; call++) shard.cancel('wh_a', event)
    await shard.advance(3 * SECOND, SECOND)
    shard.settleMarkers()
    await shard.advance(20 * SECOND, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual(['1 cancelled manual'])
    const [position] = shard.state(`position/${deliveriesCommands.name}`)
    expect(deliveryPositionCodec.decode(position!.value!).nextOffset).toBe(2)
  })

  it('of a delivery that is not read yet leaves nothing for a range to owe', async () => {
    const shard = await started({ limits: { deliveriesMax: 4 } })
    shard.answer('wh_b', { laterMs: 20 * SECOND, ok: true })
    shard.webhook('wh_a', { active: false })
    emit(shard, 1, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    emit(shard, 6, ['wh_b'])
    await shard.settle()
    const event = shard.emit(['wh_a'])
    await shard.settle()
    shard.cancel('wh_a', event)
    await shard.advance(2 * MINUTE, SECOND)
    expect(endsWithReasons(shard, 'wh_a')).toEqual(['8 cancelled manual'])
    shard.webhook('wh_a', { active: true })
    await shard.advance(10 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1])
  })
})
