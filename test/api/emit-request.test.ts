import { describe, expect, it } from '@jest/globals'
import { readEmit } from '../../src/api/emits/emit-request.ts'
import { newEmit } from '../../src/api/emits/schemas.ts'
import { createValidators } from '../../src/api/http/validate.ts'

const nowMs = Date.parse('2026-03-01T12:00:00Z')
const checkSchema = createValidators().body(newEmit)

const accepts = (take: () => unknown) => {
  try {
    take()
    return true
  } catch {
    return false
  }
}

describe('the body of an emit', () => {
  it.each([
    [{ name: 'a.b', payload: {} }, true],
    [{ name: 'a.b', payload: { deep: [{}] }, version: '1.0.0', idempotencyKey: 'k', subject: 's' }, true],
    [{ name: 'a.b', payload: {}, time: '2026-03-01T11:00:00+01:00', correlationId: 'c', chainToken: 't' }, true],
    [{ name: 'n'.repeat(200), payload: {} }, true],
    [{ name: 'n'.repeat(201), payload: {} }, false],
    [{ name: '😀'.repeat(200), payload: {} }, true],
    [{ name: '', payload: {} }, false],
    [{ name: null, payload: {} }, false],
    [{ payload: {} }, false],
    [{ name: 'a.b' }, false],
    [{ name: 'a.b', payload: {}, extra: 1 }, false],
    [{ name: 'a.b', payload: {}, __proto__: null, constructor: 1 }, false],
    [{ name: 'a.b', payload: {}, subject: '' }, false],
    [{ name: 'a.b', payload: {}, subject: 'x'.repeat(256) }, false],
    [{ name: 'a.b', payload: {}, subject: 'a\ud83d' }, false],
    [{ name: 'a.b', payload: { '\ud83d': '\ude00' }, subject: '\ud83d\ude00' }, true],
    [{ name: 'a.b', payload: {}, correlationId: '\ude00\ud83d' }, false],
    [{ name: 'a.b', payload: {}, time: 'noon' }, false],
    [{ name: 'a.b', payload: {}, time: `2026-03-01T11:00:00.${'1'.repeat(300)}z` }, true],
    [{ name: 'a.b', payload: {}, time: '2026-03-01T23:59:60Z' }, true],
    [{ name: 'a.b', payload: {}, time: '2026-03-01T22:59:60Z' }, false],
    [{ name: 'a.b', payload: {}, version: 1 }, false],
    [[], false],
  ])('is taken by hand exactly when the schema in the OpenAPI document takes it: %j', (body, good) => {
    const bytes = Buffer.from(JSON.stringify(body))
    expect([accepts(() => readEmit(bytes, nowMs)), accepts(() => checkSchema(JSON.parse(bytes.toString())))]).toEqual([
      good,
      good,
    ])
  })

  it('keeps the bytes of the payload as they came', () => {
    const payload = '{ "big": 123456789012345678901234567890, "n": 1.0, "é": "\\u00e9" }'
    const { payload: cut } = readEmit(Buffer.from(`{"payload" : ${payload} ,"name":"a.b"}`), nowMs)
    expect(cut.toString()).toBe(payload)
  })

  it('may name a time within a day, and no other', () => {
    const at = (time: string) => () => readEmit(Buffer.from(JSON.stringify({ name: 'a.b', payload: {}, time })), nowMs)
    expect(at('2026-02-28T12:00:00Z')().emit.time).toBe('2026-02-28T12:00:00.000Z')
    expect(at('2026-02-28T11:59:59Z')).toThrow(/within 24 hours/)
    expect(at('2026-03-02T12:00:01Z')).toThrow(/within 24 hours/)
  })

  it.each([
    ['2026-03-01t11:00:00.1239999z', '2026-03-01T11:00:00.123Z'],
    [`2026-03-01T11:00:00.${'9'.repeat(2_000)}Z`, '2026-03-01T11:00:00.999Z'],
    ['2026-03-01T11:00:00-00:00', '2026-03-01T11:00:00.000Z'],
    ['2026-03-01T12:30:00+01:30', '2026-03-01T11:00:00.000Z'],
    ['2026-03-02T00:59:60.5+01:00', '2026-03-02T00:00:00.500Z'],
  ])('may write its time in every way of RFC 3339, and goes on with %s as %s', (time, expected) => {
    expect(readEmit(Buffer.from(JSON.stringify({ name: 'a.b', payload: {}, time })), nowMs).emit.time).toBe(expected)
  })
})
