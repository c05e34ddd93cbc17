import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createKeyTable, type KeyTable } from '../../../processors/admit/keys/key-table.ts'
import { hashSecret } from '../../../processors/admit/keys/keyed-hash.ts'
import { packId, packIdBytes, unpackId } from '../../../processors/admit/keys/packed-ids.ts'
import { emitId, eventId, type IngressPosition } from '../../../src/model/ids.ts'
import { admissionKeysCodec, type HeldKey, readHeldKeys } from '../../../topics/admission-keys.ts'

const SECRET = hashSecret(Buffer.from('0001020304050607', 'hex'))
const AT_MS = Date.parse('2026-07-25T17:20:00.000Z')
const ANY_NUMBER = Number.POSITIVE_INFINITY
const EVER = Number.NEGATIVE_INFINITY

function hashOf(number: number): Buffer {
  const hash = Buffer.alloc(16)
  hash.writeUInt32BE(number, 12)
  return hash
}

const positionOf = (offset: number): IngressPosition => ({
  ...{
    timestampMs: AT_MS + offset,
    partition: offset % 7,
    offset,
    organizationId: 'org_a',
    environment: 'live',
    kind: 'emits',
  },
})

const keyOf = (number: number, changes: Partial<HeldKey> = {}): HeldKey => ({
  ...{
    organizationId: 'org_a',
    keyHash: hashOf(number),
    contentHash: hashOf(number + 1_000_000),
    recordedAtMs: AT_MS + number,
  },
  ...{
    emitId: emitId(positionOf(number)),
    eventId: eventId(positionOf(number)),
    canonicalName: 'TENANT_CUSTOM:org_a:a.b@1.0.0',
  },
  ...{ sequence: number + 1, ...changes },
})

const held = (table: KeyTable, number: number, organizationId = 'org_a') => table.get(organizationId, hashOf(number))
const numbers = (table: KeyTable, upTo: number, organizationId = 'org_a') =>
  Array.from({ length: upTo }, (_, number) => number).filter(number => held(table, number, organizationId))

describe('a key', () => {
  it.each<[string, Partial<HeldKey>]>([
    ['of an accepted emit', {}],
    ['of a failed emit', { sequence: 0 }],
    ['without an event', { eventId: '' }],
    ['of which the id is enough', { emitId: '', eventId: '', canonicalName: '' }],
    ['whose event has other digits', { eventId: eventId(positionOf(77)) }],
    ['with ids of another form', { emitId: 'cee_7', eventId: 'evt_7' }],
    [
      'with ids of the right length and no digits',
      { emitId: `cee_${'!'.repeat(32)}`, eventId: `evt_${'!'.repeat(32)}` },
    ],
    ['with the largest numbers that fit', { sequence: 2 ** 48 - 1, recordedAtMs: 2 ** 44 - 1 }],
    ['with larger numbers', { sequence: 2 ** 50, recordedAtMs: 2 ** 45 }],
    ['with a name beyond ASCII', { canonicalName: 'TENANT_CUSTOM:org_ä:ü.ö@1.0.0' }],
    ['with hashes of all ones', { keyHash: Buffer.alloc(16, 0xff), contentHash: Buffer.alloc(16, 0xff) }],
  ])('%s is read as it was set, and as it was restored', (_, changes) => {
    const key = keyOf(3, changes)
    const [set, loaded] = [createKeyTable(SECRET), createKeyTable(SECRET)]
    set.set(key)
    readHeldKeys(admissionKeysCodec.encode({ keys: [keyOf(1), key, keyOf(2)] }), each => loaded.load(each))
    expect(set.get('org_a', key.keyHash)).toEqual(key)
    expect(loaded.get('org_a', key.keyHash)).toEqual(key)
    expect([set.size('org_a'), loaded.size('org_a')]).toEqual([1, 3])
  })

  it('is held by its organization alone', () => {
    const table = createKeyTable(SECRET)
    table.set(keyOf(1))
    expect(held(table, 1, 'org_b')).toBeUndefined()
    expect(held(table, 2)).toBeUndefined()
  })
})

describe('a record of keys', () => {
  it('is read as the codec reads it', () => {
    const keys = Array.from({ length: 300 }, (_, number) =>
      keyOf(number, { sequence: number ** 5, recordedAtMs: AT_MS - number ** 4 }),
    )
    const read: HeldKey[] = []
    readHeldKeys(admissionKeysCodec.encode({ keys }), key => void read.push(key.decoded()))
    expect(read).toEqual(keys)
    readHeldKeys(admissionKeysCodec.encode({ keys: [] }), () => expect('a key').toBe('none'))
  })

  it('that is cut off, or has more at its end, is refused', () => {
    const record = admissionKeysCodec.encode({ keys: [keyOf(1), keyOf(2)] })
    for (let length = 10; length < record.length; length++)
      expect(() => readHeldKeys(record.subarray(0, length), () => undefined)).toThrow('AdmissionKeys')
    expect(() => readHeldKeys(Buffer.concat([record, Buffer.from([0])]), () => undefined)).toThrow('AdmissionKeys')
  })
})

it('ids are packed into 160 bits and back', () => {
  const words = new Uint32Array(7)
  fc.assert(
    fc.property(fc.nat(2 ** 44), fc.nat(65_535), fc.nat(2 ** 47), (timestampMs, partition, offset) => {
      const id = emitId({ ...positionOf(1), timestampMs, partition, offset })
      expect(packId('cee_', id, words, 1)).toBe(true)
      expect(unpackId(words, 1)).toBe(id.slice(4))
      expect(packIdBytes(Buffer.from(`..${id}`), 6, words, 2)).toBe(true)
      expect(unpackId(words, 2)).toBe(id.slice(4))
    }),
  )
  expect(packIdBytes(Buffer.from(`evt_${'0'.repeat(31)}l`), 4, words, 0)).toBe(false)
})

describe('room', () => {
  it('is less than 100 bytes a key, and is given back with the keys', () => {
    const table = createKeyTable(SECRET)
    const COUNT = 200_000
    for (let number = 0; number < COUNT; number++) {
      table.set(keyOf(number))
      if (number % 1_000 !== 0) continue
      table.seal()
      table.committed()
    }
    expect(table.bytes() / COUNT).toBeLessThan(100)
    table.seal()
    table.committed()
    table.trim('org_a', 1_000, EVER)
    expect(numbers(table, COUNT)).toHaveLength(1_000)
    expect(table.bytes()).toBeLessThan(2 * 1024 * 1024)
    table.trim('org_a', ANY_NUMBER, AT_MS + COUNT)
    expect([...table.organizations()]).toEqual([])
  })

  it('does not grow while keys come and go', () => {
    const table = createKeyTable(SECRET)
    let most = 0
    for (let number = 0; number < 100_000; number++) {
      table.set(keyOf(number, { canonicalName: `TENANT_CUSTOM:org_a:a.b@1.0.${number >> 6}` }))
      table.trim('org_a', 10_000, EVER, 64)
      if (number % 100 !== 0) continue
      table.seal()
      table.committed()
      if (number > 20_000) most = Math.max(most, table.bytes())
    }
    expect(table.size('org_a')).toBe(10_000)
    expect(most / 10_000).toBeLessThan(125)
  })

  it('is kept until the transaction that removed the key has committed', () => {
    const table = createKeyTable(SECRET)
    for (let number = 0; number < 5_000; number++) table.set(keyOf(number))
    table.seal()
    table.committed()
    const full = table.bytes()
    table.set(keyOf(5_000))
    table.trim('org_a', 10, EVER)
    table.seal()
    table.rollback()
    expect(numbers(table, 5_002)).toHaveLength(5_000)
    table.set(keyOf(5_001))
    table.trim('org_a', 10, EVER)
    table.seal()
    table.committed()
    expect(numbers(table, 5_002)).toEqual([4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999, 5001])
    expect(table.bytes()).toBeLessThan(full / 2)
  })

  it('of a key that is held again and again is freed when the key expires', () => {
    const table = createKeyTable(SECRET)
    for (let hour = 0; hour < 3_000; hour++) {
      table.set(keyOf(1, { recordedAtMs: AT_MS + hour }))
      table.trim('org_a', 10, AT_MS + hour - 100, 64)
      table.seal()
      table.committed()
    }
    expect(table.size('org_a')).toBe(1)
    expect(table.bytes()).toBeLessThan(3_000)
  })
})

it('holds the same as a plain list after any history, and every rollback is exact', () => {
  const organizationId = fc.constantFrom('org_a', 'org_b')
  const transaction = fc.constantFrom('seal' as const, 'committed' as const, 'rollback' as const)
  const hold = { does: fc.constant('hold' as const), organizationId, number: fc.nat(40), count: fc.nat(30) }
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        ...hold,
        keysMax: fc.integer({ min: 1, max: 45 }),
        aged: fc.integer({ min: 1, max: 60 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('forget' as const), organizationId }) },
    { weight: 3, arbitrary: fc.record({ does: transaction }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const table = createKeyTable(SECRET)
      let model: HeldKey[] = []
      let committed: HeldKey[] = []
      let sealed: HeldKey[] | undefined
      let now = AT_MS
      for (const each of steps) {
        if (each.does === 'hold') {
          for (let added = 0; added <= each.count; added++) {
            const key = keyOf((each.number + added) % 41, { organizationId: each.organizationId, recordedAtMs: now++ })
            table.set(key)
            table.trim(each.organizationId, each.keysMax, now - each.aged)
            model = heldAfter(model, key, each.keysMax, now - each.aged)
          }
        } else if (each.does === 'forget') {
          table.forget(each.organizationId)
          model = model.filter(one => one.organizationId !== each.organizationId)
        } else if (each.does === 'seal' && !sealed) {
          table.seal()
          sealed = model
        } else if (each.does === 'committed' && sealed) {
          table.committed()
          committed = sealed
          sealed = undefined
        } else if (each.does === 'rollback') {
          table.rollback()
          model = committed
          sealed = undefined
        }
        for (const organization of ['org_a', 'org_b']) {
          const own = model.filter(one => one.organizationId === organization)
          expect(table.size(organization)).toBe(own.length)
          expect(numbers(table, 41, organization)).toEqual(
            own.map(one => one.keyHash.readUInt32BE(12)).toSorted((a, b) => a - b),
          )
          const oldest = own[0]
          if (oldest) expect(table.get(organization, oldest.keyHash)).toEqual(oldest)
        }
      }
      for (const key of model) expect(table.get(key.organizationId, key.keyHash)).toEqual(key)
    }),
  )
})

/** A plain list, oldest first, after one more key. */
function heldAfter(model: HeldKey[], key: HeldKey, keysMax: number, fromMs: number): HeldKey[] {
  const others = model.filter(one => one.organizationId !== key.organizationId)
  const own = model.filter(one => one.organizationId === key.organizationId && !one.keyHash.equals(key.keyHash))
  own.push(key)
  while (own.length > keysMax || own[0]!.recordedAtMs < fromMs) own.shift()
  return [...others, ...own]
}
