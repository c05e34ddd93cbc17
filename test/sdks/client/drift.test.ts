/** Client and API do not drift: each operation of the API that the client covers is a call of it, and each call is an operation. */
import { expect, it } from '@jest/globals'
import { type Client, createClient } from '../../../sdks/typescript/src/index.ts'
import { createRoutes, type Handlers } from '../../../src/api/routes.ts'

const PARTS =
  /^\/api\/v1\/(events|webhooks|replays|notifications|kafka-credentials|workflows|routes|variables|secrets|tables|queues|orders|resources|invoices|infrastructure|designs)(\/|$)/

/** Handlers are not called: anything will do. */
const nothing: unknown = new Proxy(() => undefined, { get: () => nothing, apply: () => nothing })

it('every operation of these parts of the API is a call of the client, and the other way round', async () => {
  const asked = new Set<string>()
  const recording: typeof fetch = async (url, init) => {
    asked.add(`${init?.method} ${new URL(String(url)).pathname}`)
    // A stream that ends at once.
    if (String(url).includes('/events/stream?')) return new Response('{"type":"end","reason":"until_reached"}\n')
    if (String(url).endsWith('/stream')) return new Response('event: end\ndata: {}\n\n')
    return Response.json({ success: true, data: [], meta: {} })
  }
  await callAll(createClient({ baseUrl: 'http://x', apiKey: 'k', fetch: recording }))
  const calls = [...asked].map(each => each.replaceAll('/ID', '/:id')).filter(each => PARTS.test(each.split(' ')[1]!))
  const routes = createRoutes(nothing as Handlers).map(
    ({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':id')}`,
  )
  const own = routes.filter(each => PARTS.test(each.split(' ')[1]!) && !ALIASES.has(each))
  expect(own.length).toBeGreaterThan(60)
  expect(calls.sort()).toEqual([...new Set(own)].sort())
})

/** The same thing by another path. */
const ALIASES = new Set(['POST /api/v1/webhooks/:id/rotate-secret', 'GET /api/v1/events/ws'])

/** Any call at all, and a loop over calls that are tried by themselves. */
const LOOPS = new Set(['request', 'consume'])

/** Calls every function below `part` with ids where it takes ids. */
async function callAll(part: object): Promise<void> {
  for (const [name, each] of Object.entries(part)) {
    if (typeof each === 'object') await callAll(each)
    else if (!LOOPS.has(name)) await callWithIds(name, each as (...given: unknown[]) => unknown)
  }
}

async function callWithIds(name: string, call: (...given: unknown[]) => unknown): Promise<void> {
  const first: Partial<Record<keyof Client['events']['custom'], unknown>> = {
    emitBatch: [],
    emit: { name: 'a.b', payload: {} },
    emitDryRun: { name: 'a.b', payload: {} },
  }
  const made = call(name === 'stream' ? { types: '*' } : (first[name as 'emit'] ?? 'ID'), 'ID', {})
  if (made !== null && typeof made === 'object' && Symbol.asyncIterator in made) await (made as AsyncGenerator).next()
  else await made
}
