/**
 * What holds the kits together: the same operations, the same behaviour under faults, the same signatures. Python runs in
 * a virtual environment of the cache folder; where a language is not on the machine, its part is not run, and that is a
 * failure in CI.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Said } from '../../../sdks/contract/kit.ts'
import { createScriptedServer, type ScriptedServer } from '../../../sdks/contract/scripted-server.ts'
import { wholeAnswer } from '../../../sdks/contract/typescript-kit.ts'
import { modelOf } from '../../../sdks/generate/model.ts'
import { isInKits } from '../../../sdks/generate/parts.ts'
import { describedDocument } from '../../support/described-routes.ts'
import { patient } from '../../support/patience.ts'
import { type Kits, openKits } from './kits.ts'
import { SIGNATURES } from './signatures.ts'

let kits: Kits
let server: ScriptedServer
beforeAll(async () => {
  ;[kits, server] = await Promise.all([openKits(), createScriptedServer()])
}, patient(180_000))
afterAll(async () => {
  for (const kit of kits?.all ?? []) kit.close()
  await server?.close()
})

it('runs every language that is on this machine; in CI that is all of them', () => {
  for (const language of kits.missing) console.warn(`${language} is not on this machine: its kit was not run.`)
  if (process.env.CI) expect(kits.missing).toEqual([])
  expect(kits.all.length + kits.missing.length).toBe(3)
})

/** Server-Sent Events alone, which the kits for Python and Go do not read. */
const PUSHED_TO_TYPESCRIPT = ['workflows.watchRun']

describe('operations', () => {
  const { operations } = modelOf(describedDocument() as never)
  const described = operations.filter(isInKits).map(({ call }) => call.join('.'))

  it('are calls of every kit, each at its place', async () => {
    for (const kit of kits.all) {
      const calls = new Set(await kit.calls())
      const pushed = kit.name === 'TypeScript' ? ['events.stream'] : ['events.stream', ...PUSHED_TO_TYPESCRIPT]
      expect([kit.name, described.filter(call => !calls.has(call) && !pushed.includes(call))]).toEqual([kit.name, []])
    }
  })

  it('are all that the generated kits have, besides iterators and the stream', async () => {
    const known = new Set(described)
    for (const kit of kits.all.filter(({ name }) => name !== 'TypeScript')) {
      const others = (await kit.calls()).filter(call => !known.has(call) && !/(^|\.)each[A-Z]?\w*$/.test(call))
      expect([kit.name, others.filter(call => call !== 'stream')]).toEqual([kit.name, []])
    }
  })
})

interface Scenario {
  name: string
  call: string
  path?: string[]
  query?: Record<string, unknown>
  body?: Record<string, unknown>
  apiKey?: string
  timeoutMs?: number
  retries?: number
  nobody?: boolean
  answers: string[]
  attempts: number
  waits: number[]
  [expected: string]: unknown
}

const scenarios = JSON.parse(
  readFileSync(new URL('../../../sdks/contract/faults.json', import.meta.url), 'utf8'),
) as Scenario[]
const OUTCOMES = ['refused', 'status', 'retryable', 'lost', 'mayHaveBeenDone', 'mistake']

describe('under faults every kit makes the same attempts, after the same waits, and ends the same', () => {
  it('in at least 40 scenarios', () => expect(scenarios.length).toBeGreaterThanOrEqual(40))

  it.each(scenarios.map(scenario => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    for (const [at, kit] of kits.all.entries()) {
      for (const isAsync of kit.name === 'Python' ? [false, true] : [false]) {
        const id = scenarios.indexOf(scenario) * 10 + at * 2 + Number(isAsync)
        const url = server.urlOf(id, scenario.answers)
        const baseUrl = scenario.nobody === true ? `http://127.0.0.1:${await freePort()}` : url
        const { call, path, query, body, apiKey, timeoutMs, retries } = scenario
        const said = await kit.call({
          call,
          baseUrl,
          path,
          query,
          body,
          apiKey,
          timeoutMs,
          retries,
          async: isAsync,
        } as never)
        expect([kit.name, outcomeOf(said, kit.name, scenario)]).toEqual([kit.name, expectedOf(scenario)])
        const attempts = server.attemptsOf(id)
        expect([kit.name, attempts.length, said.waits]).toEqual([kit.name, scenario.attempts, scenario.waits])
        // A repetition is the same call, under the same key.
        expect(new Set(attempts.map(each => JSON.stringify({ ...each, path: '' }))).size).toBeLessThanOrEqual(1)
        expect([kit.name, attempts[0]?.headerKey, attempts[0]?.bodyKeys]).toEqual([kit.name, ...keysOf(scenario)])
        expect(said.message ?? '').not.toContain('secret')
      }
    }
  })

  /** The keys that the first attempt carries: of the caller, or those that the kit makes. */
  function keysOf({ call, body, attempts }: Scenario): [string | null | undefined, unknown[] | undefined] {
    if (attempts === 0) return [undefined, undefined]
    const own = body?.idempotencyKey as string | undefined
    if (call === 'events.custom.emit')
      return [own === undefined ? 'sdk-id1' : /^[!-~]+$/.test(own) ? own : null, [own ?? 'sdk-id1']]
    if (call === 'events.custom.emitBatch') return [null, ['sdk-id1', 'mine']]
    return [['events.custom.register', 'notifications.send'].includes(call) ? 'sdk-id1' : null, []]
  }

  function outcomeOf(said: Said, kit: string, { call }: Scenario): object {
    if (said.data !== undefined) return { data: bare(kit === 'TypeScript' ? wholeAnswer(call, said.data) : said.data) }
    const { retryAfterS, emitId } = said
    const facts = Object.fromEntries(OUTCOMES.filter(name => name in said).map(name => [name, said[name]]))
    return { ...facts, ...(retryAfterS == null ? {} : { retryAfterS }), ...(emitId == null ? {} : { emitId }) }
  }

  function expectedOf({ data, retryAfterS, emitId, call, ...scenario }: Scenario): object {
    if (data !== undefined) return { data: call === 'events.custom.emitBatch' ? { results: data } : data }
    const facts = Object.fromEntries(OUTCOMES.filter(name => name in scenario).map(name => [name, scenario[name]]))
    return {
      ...facts,
      ...(retryAfterS === undefined ? {} : { retryAfterS }),
      ...(emitId === undefined ? {} : { emitId }),
    }
  }
})

/** Without the fields that an answer did not have: null in Python, zero in Go. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .map(([name, each]) => [name, bare(each)] as const)
    .filter(([, each]) => each !== null && each !== '' && each !== 0 && each !== false && !isEmpty(each))
  return Object.fromEntries(kept)
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

/** Of a server that is closed again. */
async function freePort(): Promise<number> {
  const held = createServer()
  await new Promise<void>(resolve => held.listen(0, '127.0.0.1', resolve))
  const { port } = held.address() as { port: number }
  await new Promise(resolve => held.close(resolve))
  return port
}

describe('signatures are judged the same in every kit', () => {
  it.each(SIGNATURES.map(vector => [vector.name, vector] as const))(
    '%s',
    async (_, { name: __, genuine, ...vector }) => {
      for (const kit of kits.all) expect([kit.name, await kit.verify(vector)]).toEqual([kit.name, genuine])
    },
  )
})
