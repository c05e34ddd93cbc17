/** Rollbacks, positions and inputs. */
import { describe, expect, it } from '@jest/globals'
import { shardOf } from '../../../../src/kafka/shards.ts'
import { record, settled, TOPIC, world } from './set-up.ts'

export function describePositions(): void {
  describe('after a rollback', () => {
    it.each<[string, number, boolean]>([
      ['for the control plane', 1, false],
      ['for room', 0, true],
    ])('a record that has waited %s comes again, and waits again where it must', async (_, controlOffset, isFull) => {
      const { inputs, receiver, handle, judged, fill, put } = world()
      inputs.start()
      fill(isFull)
      receiver.receive([record(0, 0), record(0, 1, controlOffset)].slice(isFull ? 1 : 0), 2, false)
      receiver.rollback()
      expect([...handle.paused]).toEqual([`${TOPIC}/0`])
      fill(false)
      put('org_b')
      receiver.resume()
      await settled()
      expect(judged()).toEqual(isFull ? ['0/1'] : ['0/0', '0/1'])
      expect([...handle.paused]).toEqual([])
    })
  })

  describe('what is received', () => {
    it('moves the position to where reading goes on, beyond markers, only with the last record', () => {
      const { inputs, receiver, state, emitted } = world()
      inputs.start()
      receiver.receive([record(0, 4), record(0, 5)], 9, false)
      expect(state.position(TOPIC, 0)).toBe(9)
      expect(emitted[0]?.emit).toMatchObject({
        organizationId: 'org_a',
        environment: 'live',
        recordedAtMs: 1_790_000_005_000,
      })
    })

    it('is skipped when its topic belongs to no organization', () => {
      const { inputs, receiver, judged } = world()
      inputs.start()
      receiver.receive([record(0, 0, 0, 'emits.org_z')], 1, false)
      expect(judged()).toEqual([])
    })
  })

  describe('the inputs', () => {
    it('begin at the stored position, or at the earliest', () => {
      const { inputs, handle, state } = world()
      state.advance(TOPIC, 1, 42)
      inputs.start()
      expect([...handle.assigned]).toEqual([['platform.emits/0', 'earliest'], [`${TOPIC}/0`, 'earliest'], [`${TOPIC}/1`, 42]]) // biome-ignore format: pairs
    })

    it('follow organizations that come, grow, open their test environment and go, and none of another shard', () => {
      const { inputs, handle, put } = world({ shards: 2 })
      const mine = (id: string) => shardOf(id, 2) === 0
      const [own, others] = [
        ['org_b', 'org_c', 'org_d', 'org_e'].find(mine)!,
        ['org_b', 'org_c', 'org_d', 'org_e'].find(id => !mine(id))!,
      ]
      const partitions = () => [...handle.assigned.keys()].filter(key => key.startsWith(`emits.${own}`))
      inputs.start()
      put(others)
      put(own, { partitions: 1 })
      expect(partitions()).toEqual([`emits.${own}/0`])
      put(own, { partitions: 2, testEnvironment: true })
      expect(partitions()).toEqual([`emits.${own}/0`, `emits.${own}/1`, `emits.${own}.test/0`, `emits.${own}.test/1`])
      put(own, { partitions: 2, testEnvironment: true, status: 'deleted' })
      expect(partitions()).toEqual([])
      expect([...handle.assigned.keys()].some(key => key.startsWith(`emits.${others}`))).toBe(false)
      inputs.close()
      put(own, { partitions: 1 })
      expect(partitions()).toEqual([])
    })
  })
}
