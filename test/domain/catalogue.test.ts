/** The catalogue of built-in types and its producers, by the routes of the API on books without a shard. */
import { expect, it } from '@jest/globals'
import { BUILT_IN_EVENTS } from '../../src/events/built-in-events.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { createDesk } from './desk.ts'
import { type Ask, BY_THE_OPERATOR, BY_THE_PLATFORM, doEverything } from './everything.ts'
import { routedDesk } from './routed-desk.ts'

it('has a producer for each of its 41 types, whose data are valid', async () => {
  const desk = createDesk({ environment: 'test' })
  const call = routedDesk(desk)
  const ask: Ask = async (...given) => (await call(...given)).data as never
  const until = (path: string) => {
    desk.pass(2_000)
    return ask('GET', path)
  }
  const expected = await doEverything(ask, until, true)
  expect(desk.types().sort()).toEqual(expected)
  const produced = new Set([...expected, ...BY_THE_PLATFORM, ...BY_THE_OPERATOR])
  expect([...produced].sort()).toEqual([...BUILT_IN_EVENTS.keys()].sort())
  const { validate } = createValidators({ cacheMax: 100 })
  for (const { type, data } of desk.events) {
    const { schema: payloadSchema, schemaHash } = BUILT_IN_EVENTS.get(type)!
    const findings = validate({ payloadSchema, schemaHash, schemaFlavour: 'json-schema-2020-12' }, data)
    expect([type, findings]).toEqual([type, []])
  }
})
