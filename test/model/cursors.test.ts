import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ClarionError } from '../../src/model/codes.ts'
import { type ListName, readCursor, writeCursor } from '../../src/model/cursors.ts'
import { TIMES } from '../support/searches.ts'
import { cursorOf, forgedCursor, LIST_NAMES, PLACES, sealed } from './forged-cursors.ts'

/** The refusal, or what was read instead. */
function refusalOf(list: ListName, cursor: string): unknown {
  try {
    return readCursor(list, cursor)
  } catch (error) {
    return error
  }
}

describe.each(LIST_NAMES)('a cursor of the list %s', list => {
  it('is read back as the place that it was written of', () => {
    fc.assert(
      fc.property(PLACES[list] as fc.Arbitrary<never>, place => {
        expect(readCursor(list, writeCursor(list, place))).toEqual(place)
      }),
      { numRuns: 100 * TIMES },
    )
  })

  it('is refused as validation_failed at /cursor if it is one that the list never gave out', () => {
    fc.assert(
      fc.property(forgedCursor(list), cursor => {
        const refusal = refusalOf(list, cursor)
        if (
          refusal instanceof ClarionError &&
          refusal.code === 'validation_failed' &&
          refusal.details?.[0]?.path === '/cursor'
        )
          return
        throw new Error(`it was read as ${JSON.stringify(refusal)}`)
      }),
      { numRuns: 1_000 * TIMES },
    )
  })
})

it('a cursor names no organization, and fits into the query of a list', () => {
  for (const list of LIST_NAMES)
    fc.assert(
      fc.property(cursorOf(list), cursor => {
        expect(cursor.length).toBeLessThanOrEqual(500)
        if (list !== 'organizations') expect(Buffer.from(cursor, 'base64url').toString()).not.toContain('org_')
      }),
    )
})

it('the day that the engine takes for the one after is no place', () => {
  const forged = (day: string) =>
    sealed(JSON.stringify(['deliveries', `${day}T00:00:00.000Z`, `evt_${'0'.repeat(32)}`, `dlv_${'0'.repeat(32)}`]))
  expect(refusalOf('deliveries', forged('2026-11-30'))).toEqual([
    '2026-11-30T00:00:00.000Z',
    expect.any(String),
    expect.any(String),
  ])
  expect(refusalOf('deliveries', forged('2026-11-31'))).toMatchObject({ code: 'validation_failed' })
})
