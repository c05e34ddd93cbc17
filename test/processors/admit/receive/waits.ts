/** Records that wait. */
import { describe, expect, it } from '@jest/globals'
import type { LogRecord } from '../../../../src/kafka/ports.ts'
import { record, settled, TOPIC, WAIT_MS, world } from './set-up.ts'

export function describeWaits(): void {
  describe('records of an organization that the operator has limited', () => {
    const own = (partition: number, offset: number): LogRecord => ({
      ...record(partition, offset),
      headers: { 'clarion-name': Buffer.from('aa.bb') },
    })
    const many = (length: number) => Array.from({ length }, (_, offset) => own(0, offset))

    it('are read no faster, in order, and none is refused', () => {
      const { inputs, receiver, handle, emitted, clock, put } = world()
      put('org_a', { limits: { emitsPerSecond: 10 } })
      inputs.start()
      receiver.receive(many(40), 40, false)
      expect(emitted).toHaveLength(10)
      expect([...handle.paused]).toEqual([`${TOPIC}/0`])
      for (let passed = 0; passed < 1_000; passed += 50) clock.advance(50)
      expect(emitted.length).toBeGreaterThanOrEqual(18)
      expect(emitted.length).toBeLessThanOrEqual(20)
      for (let passed = 0; passed < 3_000; passed += 50) clock.advance(50)
      expect(emitted.map(({ emit }) => emit.position.offset)).toEqual(many(40).map(({ offset }) => offset))
      expect([...handle.paused]).toEqual([])
    })

    it('do not hold up emits over HTTP, which were limited before, and which count', () => {
      const { inputs, receiver, judged, put } = world()
      put('org_a', { limits: { emitsPerSecond: 2 } })
      inputs.start()
      receiver.receive([record(0, 0), record(0, 1), record(0, 2)], 3, false)
      receiver.receive([own(1, 0)], 1, false)
      expect(judged()).toEqual(['0/0', '0/1', '0/2'])
    })
  })

  describe('a record that waits for a newer control view', () => {
    it('holds up its own partition, in order, and no other', async () => {
      const { inputs, receiver, handle, judged, state, put } = world()
      inputs.start()
      receiver.receive([record(0, 0), record(0, 1, 1), record(0, 2)], 3, false)
      receiver.receive([record(1, 0), record(1, 1)], 2, false)
      expect(judged()).toEqual(['0/0', '1/0', '1/1'])
      expect([...handle.paused]).toEqual([`${TOPIC}/0`])
      expect([state.position(TOPIC, 0), state.position(TOPIC, 1)]).toEqual([1, 2])
      put('org_b')
      await settled()
      expect(judged()).toEqual(['0/0', '1/0', '1/1', '0/1', '0/2'])
      expect([...handle.paused]).toEqual([])
      expect(state.position(TOPIC, 0)).toBe(3)
    })

    it('is judged by the current view when a newer one does not come in time; the records behind it wait for themselves', async () => {
      const { inputs, receiver, handle, judged, clock } = world()
      inputs.start()
      receiver.receive([record(0, 0, 9), record(0, 1, 9), record(0, 2)], 3, false)
      clock.advance(WAIT_MS - 1)
      await settled()
      expect(judged()).toEqual([])
      clock.advance(1)
      await settled()
      expect(judged()).toEqual(['0/0'])
      expect([...handle.paused]).toEqual([`${TOPIC}/0`])
      clock.advance(WAIT_MS)
      await settled()
      expect(judged()).toEqual(['0/0', '0/1', '0/2'])
      expect([...handle.paused]).toEqual([])
    })

    it('does not wait when it only claims to have seen more: without a tag the header counts for nothing', () => {
      const { inputs, receiver, judged } = world()
      inputs.start()
      const forged = record(0, 0, 9)
      receiver.receive([{ ...forged, headers: { ...forged.headers, 'clarion-tag': Buffer.from('forged') } }], 1, false)
      expect(judged()).toEqual(['0/0'])
    })

    it('is dropped when the shard closes: nothing is judged afterwards', async () => {
      const { inputs, receiver, judged, put } = world()
      inputs.start()
      receiver.receive([record(0, 0, 1)], 1, false)
      receiver.close()
      put('org_b')
      await settled()
      expect(judged()).toEqual([])
    })

    it('gives the shard up when judging it throws, as it would have without waiting', async () => {
      const { inputs, receiver, handle, failWith, put } = world()
      inputs.start()
      receiver.receive([record(0, 0, 1)], 1, false)
      failWith(new Error('a fault'))
      put('org_b')
      await settled()
      expect(handle.failures.map(error => error.message)).toEqual(['a fault'])
      expect(() => receiver.receive([record(1, 0)], 1, false)).toThrow('a fault')
    })

    it('is still isolated after it has waited', async () => {
      const { inputs, receiver, emitted, put } = world()
      inputs.start()
      receiver.receive([record(0, 0, 1)], 1, true)
      put('org_b')
      await settled()
      expect(emitted.map(each => each.isolated)).toEqual([true])
    })
  })

  describe('a record of an organization that has too many relays waiting', () => {
    it('waits with the rest of its partition until there is capacity', () => {
      const { inputs, receiver, handle, judged, state, fill } = world()
      inputs.start()
      fill(true)
      receiver.receive([record(0, 0), record(0, 1)], 5, false)
      receiver.resume()
      expect(judged()).toEqual([])
      expect([...handle.paused]).toEqual([`${TOPIC}/0`])
      fill(false)
      receiver.resume()
      expect(judged()).toEqual(['0/0', '0/1'])
      expect([...handle.paused]).toEqual([])
      expect(state.position(TOPIC, 0)).toBe(5)
    })
  })
}
