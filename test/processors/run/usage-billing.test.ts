/** The usage of a month becomes an invoice by itself: once for each month, whatever crashes. */
import { expect, it } from '@jest/globals'
import { createMemoryRun } from './memory-run.ts'

const DAY_MS = 86_400_000
const PLAN = {
  name: 'usage_plan.create',
  body: '{"customer_id":"c1","currency":"EUR","prices":{"emits":"0.01","workflow_runs":2}}',
}

/** Beginning on 25 July 2026, as the memory's clock does. */
async function planned(usageOf: (month: string) => Promise<Record<string, number>>) {
  const asked: string[] = []
  const memory = createMemoryRun(undefined, {
    usageOf: (_organization, environment, month) => {
      asked.push(`${environment} ${month}`)
      return usageOf(month)
    },
  })
  memory.domain(PLAN, 1)
  await memory.settle()
  const answers = () => new Map(memory.answers('api_x').map(({ correlation, value }) => [correlation, value]))
  async function read(name: string, correlation: number) {
    memory.domain({ name, body: '{"limit":100,"where":{}}' }, correlation)
    await memory.settle()
    return answers().get(correlation)!.body.items
  }
  return { memory, asked, answers, read }
}

const used = (month: string) => Promise.resolve({ emits: month === '2026-07' ? 1_234 : 10, workflow_runs: 1 })

it('an hour after its end, and the next month again', async () => {
  const { memory, asked, read } = await planned(used)
  const end = Date.UTC(2026, 7) + 3_600_000
  memory.clock.advance(end - memory.clock.nowMs() - 1)
  await memory.settle()
  expect(asked).toEqual([])
  memory.clock.advance(1)
  await memory.settle()
  expect(await read('invoice.list', 2)).toMatchObject([
    {
      number: 1,
      customer_id: 'c1',
      usage_month: '2026-07',
      total: 14.34,
      lines: [{ sku: 'emits' }, { sku: 'workflow_runs' }],
    },
  ])
  for (let day = 0; day < 32; day++) {
    memory.clock.advance(DAY_MS)
    await memory.settle()
  }
  expect((await read('invoice.list', 3)).map((each: { usage_month: string }) => each.usage_month)).toEqual([
    ...['2026-08', '2026-07'],
  ])
  expect(memory.emits().map(({ type }) => type)).toEqual(['invoice.generated', 'invoice.generated'])
  expect(asked).toEqual(['live 2026-07', 'live 2026-08'])
})

it.each([0, 1, 2, 3, 4])('once, though the owner is killed after %s moves of three months at once', async moves => {
  const { memory, read } = await planned(used)
  memory.stop()
  memory.clock.advance(92 * DAY_MS)
  memory.crash()
  for (let move = 0; move < moves; move++) {
    memory.clock.advance(1)
    await memory.breathe()
    if (move % 2 === 1 && memory.isDirty()) memory.commit()
  }
  memory.crash()
  for (let round = 0; round < 5; round++) {
    memory.clock.advance(1)
    await memory.settle()
  }
  const invoices: Array<{ number: number; usage_month: string }> = await read('invoice.list', 2)
  expect(invoices.map(each => [each.number, each.usage_month])).toEqual([
    ...[
      [3, '2026-09'],
      [2, '2026-08'],
      [1, '2026-07'],
    ],
  ])
  expect(memory.emits()).toHaveLength(3)
})

it('later where its usage cannot be read, and not at all where it is on an invoice already', async () => {
  let isAway = true
  const { memory, asked, read } = await planned(month => (isAway ? Promise.reject(new Error('away')) : used(month)))
  memory.clock.advance(Date.UTC(2026, 7) + 3_600_000 - memory.clock.nowMs())
  await memory.settle()
  memory.clock.advance(60_000)
  await memory.settle()
  expect([asked.length, memory.emits().length, memory.failures]).toEqual([2, 0, []])
  const body = { customer_id: 'c1', currency: 'EUR', usage_month: '2026-07', lines: [{ quantity: 1, unit_price: 1 }] }
  memory.domain({ name: 'invoice.create', body: JSON.stringify(body) }, 2)
  isAway = false
  memory.clock.advance(120_000)
  await memory.settle()
  expect((await read('invoice.list', 3)).length).toBe(1)
  expect(await read('usage_plan.list', 4)).toMatchObject([{ next_month: '2026-08' }])
})

it('no more when the plan is deleted; a customer has one plan', async () => {
  const { memory, answers, read } = await planned(used)
  memory.domain(PLAN, 2)
  await memory.settle()
  expect(memory.answers('api_x').at(-1)).toMatchObject({ kind: 'refused', value: { code: 'conflict' } })
  memory.domain({ name: 'usage_plan.delete', id: answers().get(1)!.body.id }, 3)
  await memory.settle()
  for (let day = 0; day < 10; day++) {
    memory.clock.advance(DAY_MS)
    await memory.settle()
  }
  expect(await read('invoice.list', 4)).toEqual([])
})
