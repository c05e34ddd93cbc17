/** The catalogue of built-in types and its producers, by the routes of the API on books without a shard. */
import { expect, it } from '@jest/globals'
import { createDomainHandlers } from '../../src/api/domain/handlers.ts'
import { createDomainRoutes } from '../../src/api/domain/routes.ts'
import type { Call } from '../../src/api/http/route.ts'
import { BUILT_IN_EVENTS } from '../../src/events/built-in-events.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { createDesk } from './desk.ts'
import { BY_THE_OPERATOR, BY_THE_PLATFORM, doEverything } from './everything.ts'

const ORGANIZATION = { id: 'org_a', plan: 'ENTERPRISE' }
const PRINCIPAL = { kind: 'key', organization: ORGANIZATION, key: { id: 'key_a', environment: 'test', scopes: [] } }

it('has a producer for each of its 41 types, whose data are valid', async () => {
  const desk = createDesk({ environment: 'test' })
  const routes = createDomainRoutes(
    createDomainHandlers({
      domainCalls: {
        call: async ({ name, id, part, body }) => desk.ask(name, JSON.parse(body) as object, { id, part }),
      },
      reads: { usageSummary: () => Promise.reject(new Error('no usage here')) },
      clock: { nowMs: () => desk.nowMs() } as never,
    }),
  )

  async function ask(method: string, path: string, body: object = {}): Promise<never> {
    for (const route of routes) {
      const names: string[] = []
      const pattern = route.path.replace(/:(\w+)/g, (_, name: string) => `(?<${names.push(name) && name}>[^/]+)`)
      const found = route.method === method ? new RegExp(`^${pattern}$`).exec(path) : null
      if (found === null || route.handle === undefined) continue
      const call = { params: { ...found.groups }, query: {}, body, principal: PRINCIPAL, caller: { actorId: 'key_a' } }
      return (await route.handle({ ...call, requestId: 'r' } as unknown as Call)).data as never
    }
    throw new Error(`there is no route ${method} ${path}`)
  }

  const expected = await doEverything(
    ask,
    path => {
      desk.pass(2_000)
      return ask('GET', path)
    },
    true,
  )
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
