import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Clock, Random } from '../../src/clock.ts'
import {
  createIds,
  deliveryId,
  emitId,
  eventId,
  type IngressPosition,
  originOf,
  parseEmitId,
  parseEventId,
} from '../../src/model/ids.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** The same layout, written the slow and obvious way. */
const base32 = (bits: bigint, characters: number): string => {
  let text = ''
  for (let i = 0; i < characters; i++) text = ALPHABET.charAt(Number((bits >> BigInt(5 * i)) & 31n)) + text
  return text
}

const position = fc.record<IngressPosition>({
  timestampMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  partition: fc.integer({ min: 0, max: 65_535 }),
  offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  organizationId: fc.string({ minLength: 1, maxLength: 30 }),
  environment: fc.constantFrom('live', 'test'),
  kind: fc.constantFrom('emits', 'platform'),
})

const fixedClock = (nowMs: () => number): Clock => ({
  nowMs,
  machineMs: nowMs,
  monotonicMs: () => 0,
  after: () => ({ cancel: () => {} }),
  sleep: () => Promise.resolve(),
})
const ones: Random = { bytes: length => Buffer.alloc(length, 0xff), uniform: () => 0.5 }
const zeros: Random = { bytes: length => Buffer.alloc(length, 0), uniform: () => 0 }

describe('emit and event ids', () => {
  it('are the 160 bits of the position, in order: time, partition, offset, origin', () => {
    fc.assert(
      fc.property(position, p => {
        const origin = BigInt(originOf(p.kind, p.organizationId, p.environment))
        const bits = (BigInt(p.timestampMs) << 112n) | (BigInt(p.partition) << 96n) | (BigInt(p.offset) << 48n) | origin
        expect(emitId(p)).toBe(`cee_${base32(bits, 32)}`)
        expect(eventId(p)).toBe(`evt_${base32(bits, 32)}`)
      }),
    )
  })

  it('give their position back', () => {
    fc.assert(
      fc.property(position, p => {
        const { timestampMs, partition, offset } = p
        const expected = { timestampMs, partition, offset, origin: originOf(p.kind, p.organizationId, p.environment) }
        expect(parseEmitId(emitId(p))).toEqual(expected)
        expect(parseEventId(eventId(p))).toEqual(expected)
      }),
    )
  })

  it('sort like places of one topic do', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const order = Math.sign(a.timestampMs - b.timestampMs || a.partition - b.partition || a.offset - b.offset)
        fc.pre(order !== 0)
        expect(emitId(a) < emitId(b) ? -1 : 1).toBe(order)
      }),
    )
  })

  it('name the organization, the environment and the ingress, so that equal places of two origins differ', () => {
    const expected = createHash('sha256').update('emits/org_a/live').digest().readUIntBE(0, 6)
    expect(originOf('emits', 'org_a', 'live')).toBe(expected)
    const origins = [
      originOf('emits', 'org_a', 'live'),
      originOf('emits', 'org_a', 'test'),
      originOf('platform', 'org_a', 'live'),
      originOf('emits', 'org_b', 'live'),
    ]
    expect(new Set(origins).size).toBe(4)
  })

  it.each([
    '',
    'cee_',
    'evt_00000000000000000000000000000000',
    'cee_0000000000000000000000000000000',
    'cee_000000000000000000000000000000000',
    'cee_0000000000000000000000000000000u',
    'cee_0000000000000000000000000000000A',
    'cee_0000000000000000000000000000000é',
  ])('do not parse from %j', text => {
    expect(parseEmitId(text)).toBeUndefined()
  })
})

describe('delivery ids', () => {
  const event = 'evt_06g1zzzzzzzzzzzzzzzzzzzzzzzzzzzz'
  it('keep the 48 bits of time of their event and are 32 characters', () => {
    fc.assert(
      fc.property(position, fc.string(), (p, webhook) => {
        const id = deliveryId(eventId(p), webhook)
        expect(id).toMatch(/^dlv_[0-9a-hjkmnp-tv-z]{32}$/)
        expect(parseEmitId(`cee_${id.slice(4)}`)?.timestampMs).toBe(p.timestampMs)
      }),
    )
  })

  it('are the same for the same event, webhook and replay, and differ otherwise', () => {
    expect(deliveryId(event, 'wh_1')).toBe(deliveryId(event, 'wh_1'))
    const other = [
      deliveryId(event, 'wh_1'),
      deliveryId(event, 'wh_2'),
      deliveryId(event, 'wh_1', 'rpl_1'),
      deliveryId(event, 'wh_1', 'rpl_2'),
    ]
    expect(new Set(other).size).toBe(4)
  })

  it('spread over all 112 bits of their second part', () => {
    const seen = Array.from({ length: 23 }, () => new Set<string>())
    for (let i = 0; i < 2000; i++)
      for (const [n, set] of seen.entries()) set.add(deliveryId(event, `wh_${i}`).charAt(13 + n))
    expect(seen.map(set => set.size)).toEqual([4, ...Array(22).fill(32)])
  })
})

describe('ids of things', () => {
  it('start with the time, 26 characters after the prefix', () => {
    const id = createIds({ clock: fixedClock(() => 1_785_000_000_123), random: zeros }).next('wh')
    expect(id).toBe(`wh_${base32(1_785_000_000_123n, 10)}${'0'.repeat(16)}`)
  })

  it('grow within a millisecond, when the clock goes back, and when the chance part is used up', () => {
    const times = [1000, 1000, 999, 1001, 1001, 1002]
    const ids = createIds({ clock: fixedClock(() => times.shift() ?? 1002), random: ones })
    const made = Array.from({ length: 6 }, () => ids.next('org'))
    expect([...made].sort()).toEqual(made)
    expect(new Set(made).size).toBe(6)
  })
})
