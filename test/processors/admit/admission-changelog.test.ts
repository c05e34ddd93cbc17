import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type AdmissionState, KEY_REMEMBERED_MS } from '../../../processors/admit/admission-state.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { admissionCounters, counterKeys } from '../../../topics/admission-counters.ts'
import { avroCodec } from '../../../topics/avro.ts'
import {
  AUGUST,
  asRead,
  createAdmissionState,
  DAY_MS,
  hashOf,
  JULY,
  keyOf,
  ORG,
  remembers,
  restored,
} from './admission-states.ts'

describe('keys of an organization that emits nothing any more', () => {
  it('are removed a part at a time, and their log with the last of them', () => {
    const state = createAdmissionState()
    for (let number = 0; number < 25_000; number++) state.hold(keyOf(number), 100_000)
    state.hold(keyOf(1, JULY + DAY_MS, 'org_b'), 10)
    state.seal(0)
    state.committed()
    const left = () => [0, 9_999, 10_000, 24_999].filter(number => state.heldKey(ORG, hashOf(number), JULY))
    state.expire(JULY + KEY_REMEMBERED_MS)
    expect(left()).toHaveLength(4)
    state.expire(JULY + KEY_REMEMBERED_MS + 1)
    for (let calls = 0; calls < 2; calls++) state.expire(JULY + KEY_REMEMBERED_MS + 1)
    expect(left()).toEqual([24_999])
    for (let calls = 0; calls < 6; calls++) state.expire(JULY + KEY_REMEMBERED_MS + 1)
    expect([...state.names()]).toEqual(['org_b'])
  })
})

describe('the changelog', () => {
  it('is empty when nothing has changed since the last', () => {
    const state = createAdmissionState()
    state.count(ORG, 'live', JULY)
    state.hold(keyOf(1), 10)
    state.advance('emits.org_a', 0, 7)
    expect(state.seal(0)).toHaveLength(3)
    state.peek(ORG, 'live', AUGUST)
    expect(state.seal(0)).toEqual([])
  })

  it('keeps topic id and leader epoch beside a position, and has neither for one of an earlier release', () => {
    const state = createAdmissionState()
    const known = { topicId: 'ab'.repeat(16), leaderEpoch: 4 }
    state.advance('emits.org_a', 0, 7, known)
    state.advance('emits.org_a', 1, 8)
    const after = restored(state.seal(0))
    expect([after.position('emits.org_a', 0), after.known('emits.org_a', 0)]).toEqual([7, known])
    expect([after.position('emits.org_a', 1), after.known('emits.org_a', 1)]).toEqual([8, undefined])
    const earlier = avroCodec<{ nextOffset: number }>({
      type: 'record',
      name: 'InputPosition',
      namespace: 'clarion',
      fields: [{ name: 'nextOffset', type: 'long' }],
    })
    const key = counterKeys.ofPosition('emits.org_b', 0)
    after.restore(
      asRead({ topic: admissionCounters.name, partition: 0, key, value: earlier.encode({ nextOffset: 9 }) }, 9),
    )
    expect([after.position('emits.org_b', 0), after.known('emits.org_b', 0)]).toEqual([9, undefined])
  })

  it('packs many keys into few records, and none is lost where it is cut', () => {
    const state = createAdmissionState()
    for (let number = 1; number <= 9_001; number++) state.hold(keyOf(number), 20_000)
    const records = state.seal(0)
    expect(records).toHaveLength(3)
    expect(remembers(restored(records), [1, 4000, 4001, 8000, 8001, 9001])).toEqual([1, 4000, 4001, 8000, 8001, 9001])
  })

  it('may be read with tombstones, and with keys that only a later release knows', () => {
    const state = createAdmissionState()
    const strange = { topic: admissionCounters.name, partition: 0, value: 'x' }
    for (const key of ['counters-of/x', 'quota/org_a', '']) state.restore(asRead({ ...strange, key }, 0))
    state.restore(asRead({ ...strange, key: `counters/${ORG}`, value: null }, 1))
    expect(state.peek(ORG, 'live', JULY)).toEqual({ sequence: 1, used: 0 })
  })

  it('restores what it was sealed from, whatever happened, wherever it was cut and whatever was rolled back', () => {
    const organization = fc.constantFrom('org_a', 'org_b')
    // Only numbers have tombstones; a restore leaves out the keys of a removed organization.
    const anyone = fc.constantFrom('org_a', 'org_b', 'org_c')
    const time = fc.constantFrom('05', '06', '07', '08', '09').map(month => Date.parse(`2026-${month}-15T00:00:00Z`))
    const environment = fc.constantFrom('live' as const, 'test' as const)
    const input = { topic: fc.constantFrom('emits.a', 'emits.a.test'), partition: fc.nat(2) }
    const step = fc.oneof(
      fc.record({ does: fc.constant('count' as const), organization: anyone, environment, time }),
      fc.record({ does: fc.constant('look' as const), organization, environment, time }),
      fc.record({ does: fc.constant('hold' as const), organization, number: fc.nat(8), time }),
      fc.record({ does: fc.constant('advance' as const), ...input, to: fc.nat() }),
      fc.record({ does: fc.constant('forget' as const), ...input }),
      fc.record({ does: fc.constantFrom('seal' as const, 'commit' as const, 'roll back' as const) }),
    )
    const KEYS_MAX = 4
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        const state = createAdmissionState()
        const changelog: OutRecord[] = []
        let underWay: OutRecord[] | undefined
        for (const each of steps) {
          if (each.does === 'count') state.count(each.organization, each.environment, each.time)
          else if (each.does === 'look') state.peek(each.organization, each.environment, each.time)
          else if (each.does === 'hold') state.hold(keyOf(each.number, JULY, each.organization), KEYS_MAX)
          else if (each.does === 'advance') state.advance(each.topic, each.partition, each.to)
          else if (each.does === 'forget') state.forget('org_c', [each])
          else if (each.does === 'seal') underWay ??= state.seal(3)
          else if (each.does === 'commit' && underWay) {
            state.committed()
            changelog.push(...underWay)
            underWay = undefined
          } else if (each.does === 'roll back') {
            state.rollback()
            underWay = undefined
            expect(all(restored(changelog, KEYS_MAX))).toEqual(all(state))
          }
        }
        if (underWay) {
          state.committed()
          changelog.push(...underWay)
        }
        changelog.push(...state.seal(3))
        expect(changelog.every(record => record.partition === 3)).toBe(true)
        expect(all(restored(changelog, KEYS_MAX))).toEqual(all(state))
      }),
    )
  })

  it('of a rolled back transaction is made again as if for the first time', () => {
    const state = createAdmissionState()
    const change = () => {
      state.count(ORG, 'live', JULY)
      state.hold(keyOf(1), 10)
      state.advance('emits.org_a', 0, 7)
      return state.seal(0)
    }
    const first = change()
    state.count(ORG, 'live', JULY)
    state.rollback()
    expect(state.seal(0)).toEqual([])
    expect(change()).toEqual(first)
  })

  it('writes tombstones for removed entries, and a restore does not bring them back', () => {
    const state = createAdmissionState()
    state.count(ORG, 'live', JULY)
    state.count('org_b', 'live', JULY)
    state.advance('emits.org_a', 0, 7)
    const before = state.seal(0)
    state.committed()
    state.forget(
      ORG,
      [0, 1].map(partition => ({ topic: 'emits.org_a', partition })),
    )
    const tombstones = state.seal(0)
    expect(tombstones.map(({ key, value }) => [key, value])).toEqual([
      ['counters/org_a', null],
      ['position/emits.org_a/0', null],
    ])
    const again = restored([...before, ...tombstones])
    expect([...again.names()]).toEqual(['org_b'])
    expect(again.position('emits.org_a', 0)).toBeUndefined()
  })
})

/** All answers of a state, over the values of the property above. */
function all(state: AdmissionState): unknown {
  return ['org_a', 'org_b', 'org_c'].map(org => ({
    numbers: ['04', '05', '06', '07', '08', '09', '10'].flatMap(month =>
      (['live', 'test'] as const).map(environment =>
        state.peek(org, environment, Date.parse(`2026-${month}-15T00:00:00Z`)),
      ),
    ),
    keys: Array.from({ length: 9 }, (_, number) => state.heldKey(org, hashOf(number), JULY)),
    positions: ['emits.a', 'emits.a.test'].flatMap(topic =>
      [0, 1, 2].map(partition => state.position(topic, partition)),
    ),
  }))
}
