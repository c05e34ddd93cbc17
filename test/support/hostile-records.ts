/**
 * Records as careless and hostile producers send them, from a seed: whole, broken, wrapped and forged, every kind many times. What admission
 * says of each is known beforehand only where it is written down (`accepted`); of all it is known that there is a verdict.
 */
import type { Message } from 'kafkajs'

export interface HostileRecord extends Message {
  /** Undefined: one or the other. */
  accepted: boolean | undefined
}

/** Deterministic numbers in [0, 1): mulberry32. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

type Making = (pick: { bytes(max: number): Buffer; below(max: number): number; n: number }) => HostileRecord

const GENERIC = { name: 'platformxe.generic' }
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const good = (n: number) => json({ kind: 'fuzz', data: { n } })
const refused = (value: Buffer | null, headers: HostileRecord['headers'] = GENERIC): HostileRecord => ({
  value,
  headers: headers!,
  accepted: false,
})
const taken = (value: Buffer, headers: HostileRecord['headers'] = GENERIC): HostileRecord => ({
  value,
  headers: headers!,
  accepted: true,
})

const MAKINGS: Making[] = [
  ({ n }) => taken(good(n)),
  ({ n }) => ({ ...taken(good(n)), key: `subject ${n % 7}` }),
  ({ n }) =>
    taken(good(n), { ce_type: 'platformxe.generic', ce_specversion: '1.0', ce_id: String(n), ce_source: '/fuzz' }),
  ({ n }) =>
    taken(
      json({ specversion: '1.0', type: 'platformxe.generic', source: '/fuzz', id: String(n), data: { kind: 'ce' } }),
      {
        'content-type': 'application/cloudevents+json',
      },
    ),
  ({ n, below }) =>
    taken(good(n), {
      ...GENERIC,
      [`clarion-${['tag', 'actor', 'reply-to', 'control', 'channel'][below(5)]}`]: 'forged',
    }),
  ({ n, bytes }) => taken(good(n), { ...GENERIC, extra: bytes(300), __proto__: bytes(10), constructor: 'x' }),
  ({ n }) => taken(json({ kind: 'fuzz', data: { __proto__: null, n: 1e300, text: 'é\u0000𝄞'.repeat(n % 50) } })),
  () => refused(null),
  () => refused(Buffer.alloc(0)),
  ({ n }) => refused(good(n), {}),
  ({ n }) => refused(good(n), { name: 'nobody.knows' }),
  ({ n, bytes }) => refused(good(n), { name: Buffer.concat([Buffer.from([0xff]), bytes(20)]) }),
  ({ n }) => refused(good(n), { name: 'a'.repeat(5_000) }),
  ({ n }) => refused(good(n), { ...GENERIC, version: '9.9.9' }),
  ({ n }) => refused(good(n), { ...GENERIC, 'ce-time': '1999-01-01T00:00:00Z' }),
  ({ n }) => refused(good(n), { ...GENERIC, 'idempotency-key': 'a\nb' }),
  ({ n, bytes }) => ({ ...refused(good(n)), key: Buffer.concat([Buffer.from([0xc0]), bytes(20)]) }),
  ({ bytes }) => refused(Buffer.concat([Buffer.from('x'), bytes(400)])),
  ({ n, below }) => refused(good(n).subarray(0, 1 + below(10))),
  () => refused(Buffer.from('[1,2]')),
  () => refused(Buffer.from('"text"')),
  () => refused(Buffer.from('{"kind":"a","kind":"b"}')),
  () => refused(Buffer.from('{"kind":1}')),
  () => refused(Buffer.from('{"kind":"a","extra":1}')),
  ({ below }) => refused(Buffer.from(`{"kind":"deep","data":${'{"a":'.repeat(40 + below(3_000))}1`)),
  ({ below }) => refused(Buffer.from(`{"kind":"deep","data":{"a":${'['.repeat(40 + below(3_000))}`)),
  ({ below }) => {
    const depth = 33 + below(2_000)
    return refused(Buffer.from(`{"kind":"deep","data":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`))
  },
  ({ below }) => refused(Buffer.concat([Buffer.from([0, 0, 0, 0, below(256)]), Buffer.from('{"kind":"framed"}')]), {}),
  ({ bytes }) => refused(Buffer.concat([Buffer.from([0]), bytes(30)]), {}),
  ({ bytes }) => refused(bytes(200), { 'content-type': 'application/cloudevents+json' }),
  ({ n }) => refused(json({ type: n, data: {} }), { 'content-type': 'application/cloudevents+json' }),
  ({ n }) =>
    refused(json([{ type: 'platformxe.generic', data: { n } }]), {
      'content-type': 'application/cloudevents-batch+json',
    }),
  ({ bytes, n }) => ({
    value: bytes(300),
    key: bytes(50),
    headers: { name: bytes(30), 'chain-token': bytes(60), [`h${n}`]: bytes(100) },
    accepted: undefined,
  }),
  ({ n }) => ({
    value: good(n),
    headers: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`h${at}`, 'x'])),
    accepted: false,
  }),
]

/** Few and far between, since each is large. */
const LARGE: Making[] = [
  () => refused(json({ kind: 'large', data: { text: 'x'.repeat(262_144) } })),
  ({ n }) => taken(json({ kind: 'large', data: { text: 'x'.repeat(262_000 - (n % 100)) } })),
  ({ n }) => refused(good(n), { big: 'x'.repeat(600_000) }),
]
const LARGE_EVERY = 500

export function hostileRecords(count: number, seed: number): HostileRecord[] {
  const next = numbers(seed)
  const below = (max: number) => Math.floor(next() * max)
  const bytes = (max: number) => Buffer.from(Array.from({ length: below(max) }, () => below(256)))
  return Array.from({ length: count }, (_, n) => {
    const makings = n % LARGE_EVERY === LARGE_EVERY - 1 ? LARGE : MAKINGS
    return makings[below(makings.length)]!({ bytes, below, n })
  })
}
