/** Steps on tables: what they may build on, how they fail, and that a crash at any moment changes a row once. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CallResult } from '../../../src/delivery/outbound-call.ts'
import { openEmbeddedPostgres } from '../../../src/embedded/postgres.ts'
import { ClarionError } from '../../../src/model/codes.ts'
import type { TableStep, TableSteps } from '../../../src/tables/steps.ts'
import { makeDataDirectory, silent } from '../../support/run-directory.ts'
import { testTables } from '../../support/tables.ts'
import { seededRandom } from '../deliver/memory-shard.ts'
import { createMemoryRun, type MemoryRun } from './memory-run.ts'

const LIMITS = { tables: 10, tableBytes: 1_000_000_000 }
const json = (value: unknown): CallResult => ({
  ...{ status: 200, headers: { 'content-type': 'application/json' }, durationMs: 1 },
  body: Buffer.from(JSON.stringify(value)),
})
const request = (key: string, body: unknown) => ({
  ...{ key, type: 'http_request' },
  with: { method: 'POST', url: `http://supplier.test/${key}`, body },
})
const take = {
  ...{ key: 'take', type: 'table_update' },
  with: { table: 'stock', where: { sku: '{{$param.sku}}' }, increment: { quantity: -1 }, min: 0 },
}

/** False: it has ended already. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

/** Tables that answer as the test says. */
function scripted(answer: (step: TableStep) => unknown): { tables: TableSteps; steps: TableStep[] } {
  const steps: TableStep[] = []
  return {
    steps,
    tables: {
      async run(step) {
        steps.push(step)
        return { output: (await answer(step)) as Record<string, unknown>, isRepeated: false }
      },
    },
  }
}

describe('a step on tables', () => {
  it('that builds on an answer of the outside begins when the answer has committed', async () => {
    const { tables, steps } = scripted(() => ({ rowCount: 1 }))
    const memory = createMemoryRun(() => json({ n: 1 }), { tables })
    memory.event([memory.deploy({ actions: [request('ask', 1), take] })], { sku: 'a' })
    memory.read()
    await memory.breathe()
    expect([memory.requests.length, steps.length]).toEqual([1, 0])
    memory.commit()
    await memory.breathe()
    expect(steps).toMatchObject([
      {
        organizationId: 'org_a',
        environment: 'live',
        stepId: expect.stringMatching(/^run_\w+\/take$/),
        action: { type: 'table_update', table: 'stock', change: { where: { sku: 'a' }, min: 0 } },
      },
    ])
  })

  it('has its own answer committed before a request leaves by it', async () => {
    const { tables } = scripted(() => ({ row: { quantity: 4 } }))
    const memory = createMemoryRun(() => json({}), { tables })
    memory.event([memory.deploy({ actions: [take, request('tell', "{{$action['take'].row.quantity}}")] })], {
      sku: 'a',
    })
    memory.read()
    await memory.breathe()
    await memory.statementsEnd()
    await memory.breathe()
    expect(memory.requests).toEqual([])
    await memory.settle()
    expect(memory.requests.map(({ body }) => body?.toString())).toEqual(['4'])
  })

  it('fails with the code of the store; what may pass is tried again under the same id', async () => {
    const codes = ['tables_unavailable', 'sql_timeout', 'stock_insufficient'] as const
    const { tables, steps } = scripted(() => {
      throw new ClarionError(codes[steps.length - 1]!, 'So it is.')
    })
    const memory = createMemoryRun(undefined, { tables })
    memory.event([memory.deploy({ actions: [{ ...take, retry: { attempts: 5, firstSeconds: 1 } }] })], { sku: 'a' })
    for (let n = 0; n < 4; n++) {
      await memory.settle()
      memory.clock.advance(4_000)
    }
    expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'stock_insufficient', errorAction: 'take' }])
    expect(steps).toHaveLength(3)
    expect(new Set(steps.map(({ stepId }) => stepId)).size).toBe(1)
  })

  it('is given up at its time limit', async () => {
    const { tables, steps } = scripted(
      ({ signal }) => new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('cut')))),
    )
    const memory = createMemoryRun(undefined, { tables })
    memory.event([memory.deploy({ actions: [{ ...take, timeoutMs: 2_000 }] })], { sku: 'a' })
    memory.read()
    await memory.breathe()
    memory.clock.advance(2_000)
    await memory.settle()
    expect(steps[0]).toMatchObject({ timeoutMs: 2_000, signal: { aborted: true } })
    expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'sql_timeout' }])
  })

  it('of SQL sends what templates yield as values, never as text', async () => {
    const { tables, steps } = scripted(() => ({ rows: [], rowCount: 0, first: null }))
    const memory = createMemoryRun(undefined, { tables })
    const sql = 'select * from stock where sku = {{$param.sku}} and quantity < {{$param.n}}'
    const query = { key: 'q', type: 'sql_query', with: { sql, timeoutMs: 50, maxRows: 5 } }
    memory.event([memory.deploy({ actions: [query] })], { sku: "' or true --", n: 3 })
    await memory.settle()
    expect(steps).toMatchObject([
      {
        timeoutMs: 50,
        action: {
          ...{ type: 'sql_query', mode: 'read', rowsMax: 5, params: ["' or true --", 3] },
          sql: 'select * from stock where sku = $1 and quantity < $2',
        },
      },
    ])
  })

  it('of SQL is refused once the plan has none any more', async () => {
    const { tables, steps } = scripted(() => ({}))
    const memory = createMemoryRun(undefined, { tables })
    memory.control('organization', { ...memory.organization, plan: 'FREE' } as never)
    memory.event([memory.deploy({ actions: [{ key: 'q', type: 'sql_query', with: { sql: 'select 1' } }] })])
    await memory.settle()
    expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'sql_refused' }])
    expect(steps).toEqual([])
  })
})

describe('on a real PostgreSQL', () => {
  let store: ReturnType<typeof testTables>
  let stop: () => Promise<void>
  beforeAll(async () => {
    const server = await openEmbeddedPostgres({ dataDir: makeDataDirectory(), logger: silent })
    stop = () => server.close()
    store = testTables(async () => server)
  }, 120_000)
  afterAll(async () => {
    await store?.close()
    await stop?.()
  })

  async function stocked(quantity: number): Promise<{ organizationId: string; environment: 'live' }> {
    const owner = { organizationId: `org_${randomBytes(13).toString('hex')}`, environment: 'live' as const }
    const columns = [
      { name: 'sku', type: 'text', unique: true },
      { name: 'quantity', type: 'integer' },
    ]
    await store.tables.create(owner, { name: 'stock', columns }, LIMITS)
    await store.tables.create(
      owner,
      { name: 'sold', columns: [{ name: 'left', type: 'integer', unique: true }] },
      LIMITS,
    )
    await store.tables.insert(owner, 'stock', [{ sku: 'a', quantity }], LIMITS, () => '')
    return owner
  }
  const definition = {
    actions: [
      request('ask', 'n'),
      take,
      {
        key: 'note',
        type: 'table_insert',
        with: { table: 'sold', values: { left: "{{$action['take'].row.quantity}}" } },
      },
      { key: 'look', type: 'sql_query', with: { sql: 'select count(*) as sold from sold' } },
      request('tell', { left: "{{$action['take'].row.quantity}}", sold: "{{$action['look'].first.sold}}" }),
    ],
  }

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'a crash at any moment takes nothing twice from the stock, and nobody outside hears of another answer (%s)',
    async seed => {
      const random = seededRandom(seed)
      const owner = await stocked(100)
      const { organizationId } = owner
      const memory = createMemoryRun((_request, number) => json({ number }), { tables: store.steps, organizationId })
      const workflow = memory.deploy(definition)
      for (let n = 0; n < 4; n++) memory.event([workflow], { sku: 'a' })
      for (let n = 0; n < 60; n++) {
        const chance = random.uniform()
        if (chance < 0.2) memory.read()
        else if (chance < 0.4) await memory.breathe()
        else if (chance < 0.6) await memory.statementsEnd()
        else if (chance < 0.85 && memory.isDirty()) memory.commit()
        else if (chance >= 0.85) memory.crash()
      }
      await memory.settle()
      await expectSold(memory, owner, 4)
    },
    60_000,
  )

  it('a server that is killed in the middle of statements loses and doubles nothing', async () => {
    const owner = await stocked(100)
    const { organizationId } = owner
    const memory = createMemoryRun(() => json({}), { tables: store.steps, organizationId })
    const workflow = memory.deploy(definition)
    for (let n = 0; n < 20; n++) memory.event([workflow], { sku: 'a' })
    const done = memory.settle()
    for (let n = 0; n < 2; n++) {
      // A backend that is killed makes the server end all others. The pool hears of it from their sockets, in a turn of the event loop.
      while (!killed(await store.database.again(() => store.database.asOwner(async ({ pid }) => pid)))) await turn()
      await memory.breathe()
    }
    await done
    await memory.settle()
    await expectSold(memory, owner, 20)
  }, 120_000)

  it('too little stock is a failure that a branch can take, and changes nothing', async () => {
    const owner = await stocked(0)
    const memory = createMemoryRun(undefined, { tables: store.steps, organizationId: owner.organizationId })
    const answer = { key: 'out', type: 'transform', with: { template: "{{$action['take'].error.code}}" } }
    memory.event([memory.deploy({ actions: [{ ...take, onError: { branch: [answer] } }] })], { sku: 'a' })
    await memory.settle()
    expect(memory.steps().find(({ path }) => path === 'out')?.output).toBe('{"value":"stock_insufficient"}')
    const twice = { key: 'two', type: 'table_insert', with: { table: 'stock', values: [{ sku: 'a' }] } }
    const wrong = { key: 'no', type: 'table_get', with: { table: 'stock', where: { price: 1 } } }
    const gone = { key: 'gone', type: 'table_delete', with: { table: 'none', where: { id: 1 } } }
    for (const action of [twice, wrong, gone]) memory.event([memory.deploy({ actions: [action] })])
    await memory.settle()
    const codes = memory
      .ended()
      .flatMap(({ errorCode, errorMessage }) => (errorCode ? [[errorCode, errorMessage]] : []))
    expect(new Map(codes as never)).toEqual(
      new Map([
        ['constraint_violated', expect.stringContaining('(a) already exists')],
        ['with_invalid', expect.stringContaining('/where/price')],
        ['not_found', expect.stringContaining('none')],
      ]),
    )
  })

  it('rows are read in the order of several columns', async () => {
    const owner = await stocked(5)
    const rows = ['b', 'c', 'd'].map((sku, at) => ({ sku, quantity: at === 1 ? 9 : 5 }))
    await store.tables.insert(owner, 'stock', rows, LIMITS, () => '')
    const memory = createMemoryRun(undefined, { tables: store.steps, organizationId: owner.organizationId })
    const get = { key: 'get', type: 'table_get', with: { table: 'stock', orderBy: ['-quantity', 'sku'], limit: 3 } }
    memory.event([memory.deploy({ actions: [get] })])
    await memory.settle()
    const { rows: read } = JSON.parse(memory.steps()[0]!.output!)
    expect(read.map(({ sku }: { sku: string }) => sku)).toEqual(['c', 'a', 'b'])
  })

  async function expectSold(memory: MemoryRun, owner: Awaited<ReturnType<typeof stocked>>, count: number) {
    expect(memory.failures).toEqual([])
    expect(memory.ended().map(({ status, errorMessage }) => errorMessage ?? status)).toEqual(
      Array(count).fill('succeeded'),
    )
    const query = { sql: 'select quantity, (select count(*) from sold) sold from stock', params: [], timeoutMs: 5_000 }
    expect((await store.tables.query(owner, query)).rows).toEqual([{ quantity: 100 - count, sold: count }])
    const answers = new Map(memory.steps().map(({ runId, path, output }) => [`${runId}/${path}`, JSON.parse(output!)]))
    for (const { headers, body } of memory.requests) {
      const [runId, key] = headers['idempotency-key']!.split('/')
      if (key !== 'tell') continue
      const left = answers.get(`${runId}/take`).row.quantity
      expect(JSON.parse(body!.toString())).toEqual({ left, sold: answers.get(`${runId}/look`).first.sold })
    }
  }
})
