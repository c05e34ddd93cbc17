import { describe, expect, it } from '@jest/globals'
import type { Delivery } from '../../../processors/deliver/delivery.ts'
import { createSubjectLanes } from '../../../processors/deliver/dispatch/subject-lanes.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import { laneStateCodec } from '../../../topics/delivery-state.ts'

const webhook = { id: 'wh_1', ordering: 'block' } as Webhook

/** Of an event with this sequence number, whose record has the same number as its offset. */
const delivery = (sequence: number, isNew: boolean) =>
  ({
    ...{ webhookId: 'wh_1', deliveryId: `dlv_${sequence}`, trigger: 'live', attempts: 0, isNew, lane: undefined },
    ...{ event: { sequence, subject: 'a', eventId: `evt_${sequence}` }, source: { record: { offset: sequence } } },
  }) as unknown as Delivery

function stage() {
  const turns: number[] = []
  let nextOffset = 0
  const lanes = createSubjectLanes({ nextOffset: () => nextOffset, onTurn: one => turns.push(one.event.sequence) })
  const commit = () => {
    const records = lanes.seal(0)
    lanes.committed()
    return records
  }
  const read = (to: number) => {
    nextOffset = to
    lanes.read()
  }
  return { lanes, turns, commit, read }
}

describe('a lane', () => {
  it('passes the turn only when the end of the one before has committed', () => {
    const { lanes, turns, commit, read } = stage()
    read(3)
    const [first, second] = [delivery(1, true), delivery(2, true)]
    expect([lanes.mayGo(first, webhook), lanes.mayGo(second, webhook)]).toEqual([true, false])
    lanes.ended(first)
    lanes.seal(0)
    expect(turns).toEqual([])
    lanes.committed()
    expect(turns).toEqual([2])
    lanes.ended(second)
    expect(commit()).toEqual([])
  })

  it('restored after a crash lets no member from a retry topic overtake unread ones', () => {
    const before = stage()
    before.read(9)
    for (const each of [delivery(3, true), delivery(5, true), delivery(8, true)]) before.lanes.mayGo(each, webhook)
    // 5 was deferred while 3 was in flight; 8 was still in hand.
    before.lanes.moved(Object.assign(delivery(5, true), { lane: undefined }), undefined)
    const [record] = before.commit()
    expect(laneStateCodec.decode(record!.value as Buffer)).toEqual({ steps: [5], readTo: 6 })

    const { lanes, turns, commit, read } = stage()
    lanes.restore('wh_1', 'a', record!.value as Buffer)
    const fifth = delivery(5, false)
    expect(lanes.mayGo(fifth, webhook)).toBe(false)
    const third = delivery(3, true)
    expect(lanes.mayGo(third, webhook)).toBe(true)
    read(6)
    expect(turns).toEqual([])
    expect(lanes.mayGo(delivery(8, true), webhook)).toBe(false)
    lanes.ended(third)
    commit()
    expect(turns).toEqual([5])
    lanes.ended(fifth)
    expect(commit().map(({ value }) => value)).toEqual([null])
    expect(turns).toEqual([5, 8])
  })

  it('continues as soon as no unread member can precede', () => {
    const { lanes, turns, read } = stage()
    lanes.restore('wh_1', 'a', laneStateCodec.encode({ steps: [5], readTo: 6 }))
    lanes.mayGo(delivery(5, false), webhook)
    read(5)
    expect(turns).toEqual([])
    read(6)
    expect(turns).toEqual([5])
  })
})
