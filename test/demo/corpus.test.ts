import { describe, expect, it } from '@jest/globals'
import { readCorpus } from '../../demo/corpus.ts'
import { DRAFT, SCHEMAS } from '../../demo/schemas.ts'
import { corpusSends, GENERIC, repeatedSends, wrongSends } from '../../demo/sends.ts'
import { measureSchema } from '../../src/registry/schema-limits.ts'
import { createValidators } from '../../src/registry/validators.ts'

const corpus = readCorpus()
const schemas = Object.entries({ ...SCHEMAS, [DRAFT.name]: DRAFT.schema })

describe('the corpus of the demo', () => {
  it('is the whole one: 58 events, 329 payloads', () => {
    expect([new Set(corpus.map(each => each.event)).size, corpus.length]).toEqual([58, 329])
  })

  it.each(schemas)(
    'has only payloads of %s that satisfy the schema made for it, which keeps within the caps',
    (event, schema) => {
      expect(measureSchema(schema).problems).toEqual([])
      const validators = createValidators({ cacheMax: 10 })
      const registration = { payloadSchema: schema, schemaHash: event, schemaFlavour: 'json-schema-2020-12' as const }
      const payloads = corpus.filter(each => each.event === event)
      expect(payloads.length).toBeGreaterThan(0)
      for (const { payload } of payloads) expect(validators.validate(registration, payload)).toEqual([])
    },
  )

  it('goes out whole, each payload once, as a registered event or as the generic one with its kind', () => {
    const sends = corpusSends(corpus)
    const payloads = sends.map(({ name, payload }) =>
      name === GENERIC ? JSON.parse(payload).data : JSON.parse(payload),
    )
    expect(payloads).toEqual(corpus.map(each => each.payload))
    expect(sends.find(send => send.kind === 'github.check_run.completed')).toBeDefined()
    expect(new Set(sends.map(send => send.idempotencyKey)).size).toBe(sends.length)
  })

  it('is joined by emits that are wrong in every way that the demo counts, and by repeated ones', () => {
    const sends = corpusSends(corpus)
    expect(new Set(wrongSends(corpus, sends).map(send => send.expected))).toEqual(
      new Set([
        'payload_invalid',
        'payload_too_large',
        'event_not_registered',
        'event_not_published',
        'idempotency_key_conflict',
      ]),
    )
    expect(repeatedSends(sends).length).toBeGreaterThan(10)
  })
})
