/** Events are immutable, whatever is done to what they were made of. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type Event, immutable, newEvent } from '../../../sdks/bus/src/index.ts'

describe('an event that is built', () => {
  it('has id and time, of the clock and the random numbers that are given', () => {
    const source = { clock: { nowMs: () => 0, after: () => ({ cancel: () => undefined }) }, random: { uniform: () => 0, id: () => 'drawn' } } // biome-ignore format: one thought
    expect({ ...newEvent('order.paid', 'org_1', source) }).toEqual({
      id: 'drawn',
      type: 'order.paid',
      time: '1970-01-01T00:00:00.000Z',
      subject: null,
      payload: null,
      tenantId: 'org_1',
      actorId: null,
      correlationId: null,
    })
  })

  it('is not changed by a further step, which makes another event with an id of its own', () => {
    const base = newEvent('order.paid')
    const [one, two] = [base.withSubject('1'), base.withSubject('2')]
    expect([base.subject, one.subject, two.subject]).toEqual([null, '1', '2'])
    expect(new Set([base.id, one.id, two.id]).size).toBe(3)
    const kept = base.withId('mine').withActor('user 7').withCorrelation('c').withTenant('t').withTime(new Date(0))
    expect(kept).toMatchObject({ id: 'mine', actorId: 'user 7', correlationId: 'c', tenantId: 't' })
    expect(kept.time).toBe('1970-01-01T00:00:00.000Z')
    expect(() => base.withTime(new Date(Number.NaN))).toThrow('/time')
  })

  it('has a payload of its own, frozen through and through', () => {
    const given = { list: [{ n: 1 }], at: new Date(0), left: undefined }
    const { payload } = newEvent('order.paid').withPayload(given)
    given.list[0]!.n = 2
    expect(payload).toEqual({ list: [{ n: 1 }], at: '1970-01-01T00:00:00.000Z' })
    expect(() => Object.assign(payload.list[0]!, { n: 3 })).toThrow(TypeError)
    expect(() => payload.list.push({ n: 4 })).toThrow(TypeError)
  })

  it('has the payload that JSON would have, for every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        const { payload } = newEvent('order.paid').withPayload(value)
        expect(payload).toEqual(JSON.parse(JSON.stringify(value)))
        expect(JSON.stringify(payload)).toBe(JSON.stringify(value))
      }),
    )
  })

  it('becomes JSON with its fields alone', () => {
    const event = newEvent('order.paid').withPayload({ total: 12.5 })
    expect(Object.keys(JSON.parse(JSON.stringify(event)) as Event).sort()).toEqual(
      ['actorId', 'correlationId', 'id', 'payload', 'subject', 'tenantId', 'time', 'type'].sort(),
    )
  })
})

describe('an event that is given', () => {
  it('is copied, and a copy is handed on as it is', () => {
    const given = { ...newEvent('order.paid'), payload: { n: 1 } }
    const copied = immutable(given)
    given.payload.n = 2
    expect(copied.payload).toEqual({ n: 1 })
    expect(immutable(copied)).toBe(copied)
  })

  it.each([
    ['no object', 7, /^ is no event/],
    ['a deep payload', { payload: nested(300) }, /nested deeper/],
    ['a function', { payload: { f: () => 1 } }, /^\/payload\/f is a function/],
    ['undefined in a list', { payload: [undefined] }, /^\/payload\/0 is undefined/],
    ['a long type', { type: 'x'.repeat(256) }, /^\/type must have 1 to 255/],
    ['a line break', { subject: 'a\nb' }, /^\/subject has a control character/],
    ['a name with half of a pair', { payload: { '\udc00': 1 } }, /^\/payload\/.* half of a surrogate pair/],
  ])('is refused with the place: %s', (_, wrong, message) => {
    const event = typeof wrong === 'object' ? { ...newEvent('order.paid'), ...wrong } : wrong
    expect(() => immutable(event as Event)).toThrow(
      expect.objectContaining({ code: 'event_invalid', message: expect.stringMatching(message) }),
    )
  })
})

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}
