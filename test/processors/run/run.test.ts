/** `run` on a broker in memory: crashes between every two steps, slots, calls and limits. */
import { describe, expect, it } from '@jest/globals'
import type { CallResult } from '../../../src/delivery/outbound-call.ts'
import { keepDefinition } from '../../../src/workflows/kept-definition.ts'
import { seededRandom } from '../deliver/memory-shard.ts'
import { createMemoryRun, type MemoryRun } from './memory-run.ts'

const json = (value: unknown): CallResult => ({
  ...{ status: 200, headers: { 'content-type': 'application/json' }, durationMs: 1 },
  body: Buffer.from(JSON.stringify(value)),
})
const request = (key: string, more: object = {}) => ({
  ...{ key, type: 'http_request' },
  with: { method: 'POST', url: `http://supplier.test/${key}`, ...more },
})
const pure = (key: string, template: unknown) => ({ key, type: 'transform', with: { template } })
const statuses = (memory: MemoryRun) => memory.ended().map(({ status }) => status)

describe('a start', () => {
  it('whose run ends at once leaves its end in the history and nothing in the journal', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a', '{{$param.n}}')] })
    memory.event([workflow], { n: 12_345_678_901_234 })
    await memory.settle()
    expect(memory.runs()).toMatchObject([
      { status: 'succeeded', step: 1, output: '{"value":12345678901234}', steps: 1 },
    ])
    expect(memory.journal()).toEqual([])
  })

  it('that is read twice makes one run: its id follows from event and workflow', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a', 1)] })
    memory.event([workflow])
    memory.read()
    memory.crash()
    await memory.settle()
    expect(statuses(memory)).toEqual(['succeeded'])
  })

  it('of a workflow that is switched off, or of a suspended organization, is skipped with the reason', async () => {
    const memory = createMemoryRun()
    const off = memory.deploy({ actions: [pure('a', 1)] }, { active: false })
    memory.event([off])
    await memory.settle()
    expect(memory.runs()).toMatchObject([{ status: 'skipped', skipReason: 'inactive' }])
  })

  it('of a version that is not kept any more is skipped, and what is behind it runs', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a', 1)] })
    memory.command({ workflowId: workflow.id, version: 99, scopes: '{}' })
    memory.event([workflow])
    await memory.settle()
    expect(memory.failures).toEqual([])
    expect(memory.runs().map(({ status, skipReason }) => [status, skipReason])).toEqual([
      ['succeeded', null],
      ['skipped', 'inactive'],
    ])
  })

  it('by what it has itself caused ten times is cut, unless the workflow allows it', async () => {
    const memory = createMemoryRun()
    const actions = [pure('a', 1)]
    const [refused, allowed] = [memory.deploy({ actions }), memory.deploy({ actions }, { allowSelfTrigger: true })]
    const path = [...Array(10).fill(refused.id), ...Array(10).fill(allowed.id)]
    memory.event([refused, allowed], {}, { path, depth: 20 })
    await memory.settle()
    expect(memory.ended().map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ['truncated', 'chain_depth_exceeded'],
      ['succeeded', null],
    ])
  })

  it('beyond the cap of the day is skipped, and the next day it is not, whatever crashed', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a', 1)] }, { maxRunsPerDay: 1 })
    for (let n = 0; n < 2; n++) {
      memory.event([workflow])
      await memory.settle()
      memory.crash()
    }
    memory.clock.advance(86_400_000)
    memory.event([workflow])
    await memory.settle()
    expect(memory.ended().map(({ status, skipReason }) => skipReason ?? status)).toEqual([
      ...['succeeded', 'daily_cap', 'succeeded'],
    ])
  })
})

describe('a start by a replay', () => {
  it('is one run for each replay, says so, and obeys the switch of the workflow', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a', '{{$event.replay.replayId}}')] })
    const off = memory.deploy({ actions: [pure('a', 1)] }, { active: false })
    const facts = { eventId: `evt_${'1'.repeat(32)}`, emitId: `cee_${'1'.repeat(32)}` }
    memory.event([workflow], {}, facts)
    for (const replayId of ['rpl_1', 'rpl_2']) memory.event([workflow, off], {}, facts, [], replayId)
    await memory.settle()
    const own = memory.ended().filter(({ workflowId }) => workflowId === workflow.id)
    expect(new Set(own.map(({ runId }) => runId)).size).toBe(3)
    expect(own.map(({ mode, replayId, output }) => [mode, replayId, output]).sort()).toEqual([
      ['live', null, '{"value":null}'],
      ['replay', 'rpl_1', '{"value":"rpl_1"}'],
      ['replay', 'rpl_2', '{"value":"rpl_2"}'],
    ])
    const others = memory.ended().filter(({ workflowId }) => workflowId === off.id)
    expect(others.map(({ skipReason }) => skipReason)).toEqual(['inactive', 'inactive'])
  })
})

describe('a start that the conditions refused', () => {
  it('is a skipped run where the workflow records that', async () => {
    const memory = createMemoryRun()
    const actions = [pure('a', 1)]
    const [one, other] = [memory.deploy({ actions }), memory.deploy({ actions }, { recordSkips: true })]
    memory.event([one], { n: 1 }, {}, [other])
    await memory.settle()
    const ends = memory.ended().map(({ workflowId, status, skipReason }) => [workflowId, skipReason ?? status])
    expect(Object.fromEntries(ends)).toEqual({ [one.id]: 'succeeded', [other.id]: 'condition_false' })
  })
})

describe('a run that starts at one of its actions', () => {
  it('takes the answers before it over and asks for nothing there, in each iteration', async () => {
    const memory = createMemoryRun((_request, number) => json({ number }))
    const body = [request('a'), request('b', { body: "{{$action['a'].body.n}}" })]
    const workflow = memory.deploy({ actions: [{ key: 'l', type: 'loop_data', with: { items: [1, 2] }, do: body }] })
    const known = '{"l[0]/a":{"body":{"n":12345678901234567890}},"l[1]/a":{"body":{"n":2}}}'
    memory.command({ workflowId: workflow.id, scopes: '{"$param":{}}', options: `{"known":${known}}` })
    await memory.settle()
    expect(memory.requests.map(({ url, body: sent }) => [url.slice(-1), String(sent)])).toEqual([
      ['b', '12345678901234567890'],
      ['b', '2'],
    ])
    expect(memory.steps().filter(({ actionKey }) => actionKey === 'a')).toMatchObject([
      { status: 'copied' },
      { status: 'copied' },
    ])
  })
})

describe('beginnings and ends', () => {
  const listening = (...events: string[]) => {
    const facts = { active: true, status: 'active', events, url: 'http://a.test/' }
    return { id: 'wh_1', organizationId: 'org_a', environment: 'live', createdAt: new Date(0).toISOString(), ...facts }
  }

  it('are lifecycle events where they are named, once each, whatever crashes', async () => {
    const memory = createMemoryRun()
    memory.control('webhook', listening('WORKFLOW_RUN_STARTED', 'WORKFLOW_RUN_FAILED') as never)
    const workflow = memory.deploy({ actions: [request('a'), { key: 'f', type: 'fail', with: { reason: 'no' } }] })
    memory.event([workflow])
    memory.read()
    await memory.breathe()
    memory.crash()
    await memory.settle()
    memory.event([workflow], {}, { type: 'WORKFLOW_RUN_FAILED', canonicalName: 'PLATFORM_LIFECYCLE:org_a:X@1' })
    await memory.settle()
    expect(memory.emits().map(({ type }) => type)).toEqual(['WORKFLOW_RUN_STARTED', 'WORKFLOW_RUN_FAILED'])
    expect(JSON.parse(memory.emits()[1]!.payload.toString())).toMatchObject({
      ...{ entityType: 'run', workflowId: workflow.id, workflowVersion: 1, mode: 'live', code: 'workflow_failed' },
      ...{ actionKey: 'f', status: 'failed' },
    })
  })

  it('are none of debug runs', async () => {
    const memory = createMemoryRun()
    memory.control('webhook', listening('WORKFLOW_RUN_SUCCEEDED') as never)
    const workflow = memory.deploy({ actions: [pure('a', 1)] })
    memory.command({ workflowId: workflow.id, trigger: '{"mode":"debug"}' })
    await memory.settle()
    expect([memory.ended().length, memory.emits()]).toEqual([1, []])
  })
})

describe('a debug run', () => {
  const debug = (more: object = {}) =>
    JSON.stringify({ debug: { mocks: {}, stopAt: null, sideEffects: 'execute', emit: false, ...more } })

  it('runs what it brings, off its cooldown and cap, and shows the variables behind each step', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [] }, { cooldownSeconds: 60, active: false })
    const actions = [{ key: 'v', type: 'set_variable', with: { value: 7 } }, pure('a', "{{$var['v']}}")]
    const definition = keepDefinition({ language: 1, actions, onError: [] }, 'canonical')
    const start = { workflowId: workflow.id, version: 0, trigger: '{"mode":"debug"}' }
    const options = JSON.stringify({ ...JSON.parse(debug()), definition })
    for (const runId of ['run_1', 'run_2']) memory.command({ ...start, runId, options })
    await memory.settle()
    expect(memory.ended()).toMatchObject([
      { status: 'succeeded', mode: 'debug', workflowVersion: 0, output: '{"value":7}' },
      { status: 'succeeded' },
    ])
    expect(memory.steps()[1]).toMatchObject({ actionKey: 'a', variables: '{"v":7}' })
  })

  it('goes on with its own definition after a crash', async () => {
    const memory = createMemoryRun((_request, number) => json({ number }))
    const workflow = memory.deploy({ actions: [] })
    const definition = keepDefinition({ language: 1, actions: [request('a'), request('b')], onError: [] }, 'canonical')
    const options = JSON.stringify({ ...JSON.parse(debug({ mocks: { b: { mocked: 1 } } })), definition })
    memory.command({ workflowId: workflow.id, version: 0, trigger: '{"mode":"debug"}', options })
    memory.read()
    memory.commit()
    memory.crash()
    await memory.settle()
    expect(memory.ended()).toMatchObject([{ status: 'succeeded', output: '{"mocked":1}' }])
    expect(memory.requests.map(({ url }) => url.slice(-1))).not.toContain('b')
  })
})

describe('runs that wait for a time', () => {
  it('are as many as the plan lets; the step of one more fails, and a restored one stays', async () => {
    const memory = createMemoryRun()
    memory.control('organization', { ...memory.organization, plan: 'FREE' } as never)
    const wait = { key: 'wait', type: 'delay', with: { seconds: 60 }, onError: 'continue' }
    const workflow = memory.deploy({ actions: [wait, pure('after', "{{$action['wait'].error.code}}")] })
    for (let n = 0; n < 101; n++) memory.event([workflow], { n })
    await memory.settle()
    expect(memory.ended()).toMatchObject([{ status: 'succeeded', output: '{"value":"waiting_limit_exceeded"}' }])
    expect(memory.journal()).toHaveLength(100)
    memory.crash()
    await memory.settle()
    expect(memory.journal()).toHaveLength(100)
    memory.clock.advance(60_000)
    await memory.settle()
    expect(memory.ended()).toHaveLength(101)
    memory.event([workflow])
    await memory.settle()
    expect(memory.journal()).toHaveLength(1)
  })
})

describe('the pace of a workflow', () => {
  it('is forgotten with the workflow, also where it was deleted while nobody ran', async () => {
    const memory = createMemoryRun()
    const [one, other] = [0, 1].map(() => memory.deploy({ actions: [pure('a', 1)] }, { cooldownSeconds: 60 }))
    memory.event([one!, other!])
    await memory.settle()
    const paces = () => memory.state().filter(key => key.startsWith('pace/'))
    expect(paces()).toHaveLength(2)
    memory.control('workflow', { ...one!, deletedAt: new Date(0).toISOString() } as never)
    await memory.settle()
    expect(paces()).toEqual([`pace/${other!.id}`])
    memory.stop()
    memory.control('workflow', { ...other!, deletedAt: new Date(0).toISOString() } as never)
    memory.crash()
    await memory.settle()
    expect(paces()).toEqual([])
  })
})

describe('a request', () => {
  it('that builds on an answer begins when the answer has committed', async () => {
    const memory = createMemoryRun((_request, number) => json({ number }))
    const workflow = memory.deploy({ actions: [request('a'), request('b', { body: "{{$action['a'].body.number}}" })] })
    memory.event([workflow])
    memory.read()
    await memory.breathe()
    expect(memory.requests.map(({ url }) => url)).toEqual(['http://supplier.test/a'])
    memory.commit()
    await memory.breathe()
    expect(memory.requests.map(({ body }) => body?.toString())).toEqual([undefined, '1'])
  })

  it('whose answer had not committed is repeated under the same key; the committed answer counts', async () => {
    const memory = createMemoryRun((_request, number) => json({ number }))
    const workflow = memory.deploy({ actions: [request('a'), request('b', { body: "{{$action['a'].body.number}}" })] })
    memory.event([workflow])
    memory.read()
    await memory.breathe()
    memory.crash()
    await memory.settle()
    const of = (key: string) => memory.requests.filter(({ url }) => url.endsWith(key))
    expect(new Set(of('/a').map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
    expect(of('/a')).toHaveLength(2)
    expect(of('/b').map(({ body }) => body?.toString())).toEqual(['2'])
    expect(statuses(memory)).toEqual(['succeeded'])
  })

  it('that hangs fails at its time limit, and is given up', async () => {
    const memory = createMemoryRun(() => undefined)
    const workflow = memory.deploy({ actions: [{ ...request('a'), timeoutMs: 2_000 }] })
    memory.event([workflow])
    await memory.settle()
    memory.clock.advance(2_000)
    await memory.settle()
    expect(memory.requests[0]!.signal.aborted).toBe(true)
    expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'http_timeout', errorAction: 'a' }])
  })

  it('carries a secret that no row of the history shows', async () => {
    const memory = createMemoryRun(({ headers }) => json({ echo: headers.authorization }))
    const secret = { id: 'live.TOKEN', organizationId: 'org_a', environment: 'live', name: 'TOKEN' }
    memory.control('secret', { ...secret, encryptedValue: 'very-secret' } as never)
    const auth = { type: 'bearer', secret: 'TOKEN' }
    const workflow = memory.deploy({ actions: [request('a', { auth }), pure('b', "{{$action['a'].body.echo}}")] })
    memory.event([workflow])
    await memory.settle()
    expect(memory.requests[0]!.headers.authorization).toBe('Bearer very-secret')
    const shown = JSON.stringify([...memory.steps(), ...memory.runs()])
    expect(shown).toContain('Bearer ***')
    expect(shown).not.toContain('very-secret')
  })
})

describe('a crash', () => {
  const definition = {
    actions: [
      request('a'),
      { key: 'wait', type: 'delay', with: { seconds: 1 } },
      {
        ...{ key: 'each', type: 'loop_data', with: { items: [1, 2, 3], concurrency: 2 } },
        do: [request('b', { body: { from: "{{$action['a'].body.number}}", i: "{{$action['each'].item}}" } })],
      },
      { key: 'make', type: 'create_event', with: { event: 'made', params: { a: "{{$action['a'].body.number}}" } } },
      request('c', { body: "{{$action['make'].eventId}}" }),
    ],
  }

  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'at any moment repeats only requests without a committed answer, and each run ends once (%s)',
    async seed => {
      const random = seededRandom(seed)
      const memory = createMemoryRun((_request, number) => json({ number }))
      const workflow = memory.deploy(definition)
      for (let n = 0; n < 3; n++) memory.event([workflow], { n })
      let accepted = 0
      const act = async (): Promise<void> => {
        const chance = random.uniform()
        if (chance < 0.25) memory.read()
        else if (chance < 0.5) await memory.breathe()
        else if (chance < 0.75 && memory.isDirty()) memory.commit()
        else if (chance < 0.85) memory.clock.advance(400)
        else if (chance < 0.93) memory.crash()
        else for (const emit of memory.emits().slice(accepted)) memory.accept(emit, `evt_${++accepted}`)
      }
      for (let n = 0; n < 200; n++) await act()
      for (let n = 0; n < 20 && memory.ended().length < 3; n++) {
        memory.clock.advance(1_000)
        await memory.settle()
        for (const emit of memory.emits().slice(accepted)) memory.accept(emit, `evt_${++accepted}`)
        await memory.settle()
      }
      expect(statuses(memory)).toEqual(['succeeded', 'succeeded', 'succeeded'])
      expect(memory.failures).toEqual([])
      expect(memory.journal()).toEqual([])
      expect(memory.emits()).toHaveLength(3)
      expectNoAnswerWasForgotten(memory)
    },
  )
})

/** What later steps sent is what the history says of the steps before. */
function expectNoAnswerWasForgotten(memory: MemoryRun): void {
  const outputs = new Map(memory.steps().map(({ runId, path, output }) => [`${runId}/${path}`, JSON.parse(output!)]))
  for (const { headers, body } of memory.requests) {
    const [runId, ...path] = headers['idempotency-key']!.split('/')
    const first = outputs.get(`${runId}/a`) as { body: { number: number } }
    if (path.at(-1) === 'b') expect(JSON.parse(body!.toString()).from).toBe(first.body.number)
    if (path.at(-1) === 'c')
      expect(body!.toString()).toBe((outputs.get(`${runId}/make`) as { eventId: string }).eventId)
  }
  const rows = memory.steps().map(({ runId, path }) => `${runId}/${path}`)
  expect(new Set(rows).size).toBe(rows.length)
}

describe('slots', () => {
  const hanging = () => createMemoryRun(() => undefined)
  const one = { concurrency: { limit: 1, key: null, overflow: 'queue', whileWaiting: 'release' } } as const

  it('go to the highest priority first, then to the oldest; a crash changes neither', async () => {
    const memory = hanging()
    const workflow = memory.deploy({ actions: [{ ...request('a'), timeoutMs: 1_000, onError: 'continue' }] }, one)
    for (let n = 0; n < 3; n++) memory.event([workflow], { n })
    await memory.settle()
    expect(memory.requests).toHaveLength(1)
    memory.crash()
    await memory.settle()
    for (let n = 0; n < 3; n++) {
      memory.clock.advance(1_000)
      await memory.settle()
    }
    const ended = memory.ended().map(({ status, scopes }) => [status, JSON.parse(scopes).$param.n])
    expect(ended).toEqual([
      ['succeeded', 0],
      ['succeeded', 1],
      ['succeeded', 2],
    ])
  })

  it('are free while a run waits in a delay, and taken again before new runs', async () => {
    const memory = hanging()
    const actions = [
      { key: 'wait', type: 'delay', with: { seconds: 1 } },
      { ...request('a'), timeoutMs: 1_000, onError: 'continue' },
    ]
    const workflow = memory.deploy({ actions }, one)
    memory.event([workflow])
    memory.event([workflow])
    await memory.settle()
    memory.clock.advance(1_000)
    await memory.settle()
    expect(memory.requests).toHaveLength(1)
    memory.clock.advance(1_000)
    await memory.settle()
    expect(memory.requests).toHaveLength(2)
    memory.clock.advance(1_000)
    await memory.settle()
    expect(statuses(memory)).toEqual(['succeeded', 'succeeded'])
  })

  it('that are taken skip a start where the workflow says so', async () => {
    const memory = hanging()
    const concurrency = { ...one.concurrency, overflow: 'skip' } as const
    const workflow = memory.deploy({ actions: [request('a')] }, { concurrency })
    memory.event([workflow])
    memory.event([workflow])
    await memory.settle()
    expect(memory.ended()).toMatchObject([{ status: 'skipped', skipReason: 'concurrency' }])
  })

  it('are of each value of the key', async () => {
    const memory = hanging()
    const concurrency = { ...one.concurrency, key: '{{$param.customer}}' }
    const workflow = memory.deploy({ actions: [request('a')] }, { concurrency })
    for (const customer of ['x', 'y', 'x']) memory.event([workflow], { customer })
    await memory.settle()
    expect(memory.requests).toHaveLength(2)
  })
})

describe('a call of a workflow', () => {
  const call = (workflowId: string, more: object = {}) => ({
    actions: [{ key: 'call', type: 'call_workflow', with: { workflowId, params: { n: '{{$param.n}}' }, ...more } }],
  })

  it('hands the output over, once, whatever crashes while the other one waits', async () => {
    const memory = createMemoryRun()
    const actions = [{ key: 'wait', type: 'delay', with: { seconds: 1 } }, pure('out', '{{$param.n}}')]
    const child = memory.deploy({ actions })
    const parent = memory.deploy(call(child.id))
    memory.event([parent], { n: 4 })
    await memory.settle()
    memory.crash()
    memory.clock.advance(1_000)
    await memory.settle()
    expect(memory.ended().map(({ workflowId, status }) => [workflowId, status])).toEqual([
      [child.id, 'succeeded'],
      [parent.id, 'succeeded'],
    ])
    expect(JSON.parse(memory.ended()[1]!.output!)).toMatchObject({ output: { value: 4 } })
  })

  it('is cancelled with its caller', async () => {
    const memory = createMemoryRun()
    const child = memory.deploy({ actions: [{ key: 'wait', type: 'delay', with: { seconds: 60 } }] })
    const parent = memory.deploy(call(child.id))
    memory.command({ runId: 'run_parent', workflowId: parent.id })
    await memory.settle()
    memory.command({ kind: 'cancel', runId: 'run_parent' })
    await memory.settle()
    expect(statuses(memory)).toEqual(['cancelled', 'cancelled'])
    expect(memory.journal()).toEqual([])
  })

  it('of itself ends at ten levels, with a code', async () => {
    const memory = createMemoryRun()
    const id = 'wf_00000000000000000000000000'
    const workflow = memory.deploy(call(id), { id })
    memory.event([workflow])
    await memory.settle()
    expect(memory.ended()).toHaveLength(11)
    expect(new Set(memory.ended().map(({ errorCode }) => errorCode))).toEqual(new Set(['child_failed']))
  })
})

describe('a schedule', () => {
  const every = (minutes: number) => ({ kind: 'schedule', cron: `*/${minutes} * * * *`, timeZone: 'UTC' }) as const
  const MINUTE_MS = 60_000
  const actions = [pure('a', '{{$param.tick}}')]
  const ticks = (memory: MemoryRun) => memory.ended().map(({ tickMs }) => (tickMs! / MINUTE_MS) % 60)

  it('starts one run at each tick, whatever crashes around it', async () => {
    const memory = createMemoryRun()
    memory.deploy({ actions }, { trigger: every(1), catchUp: 'all' })
    await memory.settle()
    for (let n = 0; n < 4; n++) {
      memory.clock.advance(MINUTE_MS)
      if (n === 1) memory.crash()
      await memory.settle()
      if (n === 2) memory.crash()
    }
    await memory.settle()
    const seen = ticks(memory)
    expect(seen).toEqual(Array.from(seen, (_, n) => (seen[0]! + n) % 60))
    expect(seen.length).toBeGreaterThanOrEqual(3)
    expect(new Set(statuses(memory))).toEqual(new Set(['succeeded']))
  })

  it.each([
    ['last', 1],
    ['all', 5],
    ['none', 0],
  ] as const)('catches up with %s of what it has missed', async (catchUp, count) => {
    const memory = createMemoryRun()
    memory.deploy({ actions }, { trigger: every(10), catchUp })
    await memory.settle()
    memory.stop()
    memory.clock.advance(55 * MINUTE_MS)
    memory.crash()
    await memory.settle()
    memory.clock.advance(2_000)
    await memory.settle()
    expect(memory.ended().length).toBe(count)
  })

  it('that is changed or switched off begins with the next tick', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions }, { trigger: every(10) })
    await memory.settle()
    memory.control('workflow', { ...workflow, active: false } as never)
    memory.clock.advance(60 * MINUTE_MS)
    await memory.settle()
    memory.control('workflow', { ...workflow, trigger: every(30) } as never)
    await memory.settle()
    expect(memory.ended()).toEqual([])
    memory.clock.advance(31 * MINUTE_MS)
    await memory.settle()
    expect(memory.ended()).toHaveLength(1)
  })
})

describe('a run that waits for a slot', () => {
  const one = { concurrency: { limit: 1, key: null, overflow: 'queue', whileWaiting: 'hold' } } as const

  it('has all of its time when it begins', async () => {
    const memory = createMemoryRun(() => undefined)
    const actions = [{ ...request('a'), timeoutMs: 60_000, onError: 'continue' }]
    const workflow = memory.deploy({ actions }, { ...one, timeoutSeconds: 61 })
    for (let n = 0; n < 3; n++) memory.event([workflow])
    for (let n = 0; n < 3; n++) {
      await memory.settle()
      memory.clock.advance(60_000)
    }
    await memory.settle()
    expect(statuses(memory)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })

  it('is skipped when its workflow is switched off meanwhile', async () => {
    const memory = createMemoryRun(() => undefined)
    const workflow = memory.deploy({ actions: [{ ...request('a'), timeoutMs: 1_000 }] }, one)
    for (let n = 0; n < 2_000; n++) memory.event([workflow])
    await memory.settle()
    memory.control('workflow', { ...workflow, active: false } as never)
    memory.clock.advance(1_000)
    await memory.settle()
    const skipped = memory.ended().filter(({ skipReason }) => skipReason === 'inactive')
    expect([memory.ended().length, skipped.length]).toEqual([2_000, 1_999])
    expect(memory.journal()).toEqual([])
  })
})

it('the deletion of an organization cancels its runs', async () => {
  const memory = createMemoryRun()
  const workflow = memory.deploy({ actions: [{ key: 'wait', type: 'delay', with: { seconds: 60 } }] })
  memory.event([workflow])
  await memory.settle()
  memory.control('organization', { ...memory.organization, status: 'deleted' } as never)
  await memory.settle()
  expect(statuses(memory)).toEqual(['cancelled'])
})

describe('an answer to who waits', () => {
  const answerTo = { process: 'api_1', correlation: 7, deadlineMs: 1_785_000_010_000, wants: 'end' } as const

  it('is there when the end has committed, once, whatever crashed before', async () => {
    const memory = createMemoryRun((_request, number) => json({ number }))
    const { id: workflowId } = memory.deploy({ actions: [request('a'), pure('b', "{{$action['a'].status}}")] })
    memory.command({ workflowId, scopes: '{"$param":{}}', answerTo })
    memory.read()
    await memory.breathe()
    memory.crash()
    expect(memory.answers('api_1')).toEqual([])
    await memory.settle()
    memory.crash()
    await memory.settle()
    const value = expect.objectContaining({ status: 'succeeded', output: '{"value":200}' })
    expect(memory.answers('api_1')).toEqual([{ correlation: 7, kind: 'ended', runId: 'run_x', value }])
  })

  it('says also that the run was skipped, and nothing once nobody waits any more', async () => {
    const memory = createMemoryRun(() => undefined)
    memory.control('organization', { ...memory.organization, status: 'suspended' } as never)
    const { id: workflowId } = memory.deploy({ actions: [request('a')] })
    memory.command({ workflowId, answerTo })
    await memory.settle()
    expect(memory.answers('api_1')).toMatchObject([{ value: { skipReason: 'organization_suspended' } }])
    memory.control('organization', memory.organization)
    memory.command({ workflowId, answerTo: { ...answerTo, correlation: 8 } })
    await memory.settle()
    memory.clock.advance(40_000)
    await memory.settle()
    expect([statuses(memory).at(-1), memory.answers('api_1').length]).toEqual(['failed', 1])
  })

  it('that a command was taken follows at once, however long the run takes', async () => {
    const memory = createMemoryRun(() => undefined)
    const { id: workflowId } = memory.deploy({ actions: [request('a')] })
    memory.command({ workflowId, answerTo: { ...answerTo, wants: 'taken' } })
    await memory.settle()
    expect(memory.answers('api_1')).toEqual([{ correlation: 7, kind: 'taken', runId: 'run_x', value: null }])
  })
})
