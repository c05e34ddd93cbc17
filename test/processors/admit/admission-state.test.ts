import { describe, expect, it } from '@jest/globals'
import { type AdmissionState, KEY_REMEMBERED_MS } from '../../../processors/admit/admission-state.ts'
import type { HeldKey } from '../../../topics/admission-keys.ts'
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

const used = (state: AdmissionState, timeMs: number, org = ORG) => state.peek(org, 'live', timeMs).used

describe('months', () => {
  it('count a burst over midnight each record in its own, however the two are interleaved', () => {
    const state = createAdmissionState()
    for (let each = 0; each < 10; each++) {
      state.count(ORG, 'live', JULY - each)
      if (each % 2 === 0) state.count(ORG, 'live', AUGUST + each)
    }
    expect([used(state, JULY), used(state, AUGUST)]).toEqual([10, 5])
    expect(state.peek(ORG, 'live', AUGUST).sequence).toBe(16)
  })

  it('begin at nothing, and end at the last millisecond in UTC', () => {
    const state = createAdmissionState()
    state.count(ORG, 'live', JULY)
    expect([used(state, JULY), used(state, AUGUST), used(state, AUGUST, 'org_b')]).toEqual([1, 0, 0])
  })

  it('are counted for live and test apart, and so are sequence numbers', () => {
    const state = createAdmissionState()
    state.count(ORG, 'test', JULY)
    state.count(ORG, 'test', JULY)
    state.count(ORG, 'live', JULY)
    expect(state.peek(ORG, 'test', JULY)).toEqual({ sequence: 3, used: 2 })
    expect(state.peek(ORG, 'live', JULY)).toEqual({ sequence: 2, used: 1 })
  })

  it('are kept for three; older ones count in the oldest of them', () => {
    const state = createAdmissionState()
    for (const month of ['05', '06', '07', '08']) state.count(ORG, 'live', Date.parse(`2026-${month}-15T00:00:00Z`))
    state.count(ORG, 'live', Date.parse('2026-01-15T00:00:00Z'))
    expect(['05', '06', '07', '08'].map(month => used(state, Date.parse(`2026-${month}-15T00:00:00Z`)))).toEqual([
      2, 2, 1, 1,
    ])
  })

  it('are not lost by looking at a later one', () => {
    const state = createAdmissionState()
    for (const month of ['05', '05', '06', '07']) state.count(ORG, 'live', Date.parse(`2026-${month}-15T00:00:00Z`))
    expect(used(state, AUGUST)).toBe(0)
    expect(used(state, Date.parse('2026-05-15T00:00:00Z'))).toBe(2)
  })
})

describe('idempotency keys', () => {
  it('are remembered up to the plan’s number: the oldest goes first', () => {
    const state = createAdmissionState()
    for (let number = 1; number <= 5; number++) state.hold(keyOf(number), 3)
    expect(remembers(state, [1, 2, 3, 4, 5])).toEqual([3, 4, 5])
  })

  it('are evicted by each organization for itself', () => {
    const state = createAdmissionState()
    state.hold(keyOf(1), 2)
    for (let number = 2; number <= 9; number++) state.hold(keyOf(number, JULY, 'org_b'), 2)
    expect(remembers(state, [1])).toEqual([1])
  })

  it('are remembered for 30 days to the millisecond', () => {
    const state = createAdmissionState()
    state.hold(keyOf(1), 10)
    expect(remembers(state, [1], JULY + KEY_REMEMBERED_MS)).toEqual([1])
    expect(remembers(state, [1], JULY + KEY_REMEMBERED_MS + 1)).toEqual([])
    expect(KEY_REMEMBERED_MS).toBe(30 * DAY_MS)
  })

  it('can be held again by another emit once they are past their time, and then count as the youngest', () => {
    const state = createAdmissionState()
    state.hold(keyOf(1), 2)
    state.hold(keyOf(2, JULY + 29 * DAY_MS), 2)
    state.hold({ ...keyOf(1, JULY + 31 * DAY_MS), emitId: 'cee_again' }, 2)
    state.hold(keyOf(3, JULY + 31 * DAY_MS), 2)
    expect(state.heldKey(ORG, hashOf(1), JULY + 31 * DAY_MS)?.emitId).toBe('cee_again')
    expect(remembers(state, [2, 3], JULY + 31 * DAY_MS)).toEqual([3])
  })

  it('that were removed before a restart stay removed after it, once the plan’s limit is known', () => {
    const before = createAdmissionState()
    for (let number = 1; number <= 5; number++) before.hold(keyOf(number), 3)
    const after = restored(before.seal(0))
    after.trim(ORG, 3, JULY)
    expect(remembers(after, [1, 2, 3, 4, 5])).toEqual(remembers(before, [1, 2, 3, 4, 5]))
  })
})

describe('a restore', () => {
  const written = (...keys: HeldKey[]) => {
    const state = createAdmissionState()
    for (const key of keys) state.hold(key, 100)
    return state.seal(0).map(asRead)
  }
  const keysOf = (state: AdmissionState) => [...state.names()]

  it('never restores an expired key', () => {
    const state = createAdmissionState(JULY + KEY_REMEMBERED_MS)
    for (const record of written(keyOf(1, JULY - 1), keyOf(2, JULY - 1, 'org_b'), keyOf(3, JULY))) state.restore(record)
    expect([1, 2, 3].map(number => state.heldKey(ORG, hashOf(number), JULY)?.emitId)).toEqual([
      undefined,
      undefined,
      'cee_3',
    ])
    expect(keysOf(state)).toEqual([ORG])
  })

  it('never holds more than the plan’s number of keys', () => {
    const state = createAdmissionState(JULY, 2)
    for (const record of written(keyOf(1), keyOf(2), keyOf(3))) state.restore(record)
    expect(remembers(state, [1, 2, 3])).toEqual([2, 3])
  })
})
