/** Looks at runs and watches of them: what their owner says, and when. */
import { describe, expect, it } from '@jest/globals'
import { createRecentRuns } from '../../../processors/run/looks/recent-runs.ts'
import type { CallResult } from '../../../src/delivery/outbound-call.ts'
import type { LookedRun, WatchedSteps } from '../../../src/run-calls/looked.ts'
import type { RunRow, StepRow } from '../../../topics/audit-runs.ts'
import type { AnswerTo } from '../../../topics/responses.ts'
import { createMemoryRun, type MemoryRun } from './memory-run.ts'

const pure = (key: string) => ({ key, type: 'transform', with: { template: key } })
const request = (key: string) => ({ key, type: 'http_request', with: { url: `http://supplier.test/${key}` } })
const delay = { key: 'wait', type: 'delay', with: { seconds: 60 } }

const to = (memory: MemoryRun, wants: AnswerTo['wants'], correlation = 1): AnswerTo => ({
  ...{ process: 'api_1', correlation, wants, deadlineMs: memory.clock.nowMs() + 30_000 },
})
const look = (memory: MemoryRun, question: object = {}, more: object = {}) => {
  const options = JSON.stringify({ runId: 'run_x', ...question })
  memory.command({ kind: 'cancel', ask: 'look', runId: '', answerTo: to(memory, 'look'), options, ...more })
}
const last = <T>(memory: MemoryRun) => memory.answers('api_1').at(-1)?.value as T

describe('a look', () => {
  it('behind a start shows the run and what it has done, in the transaction that commits it', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a'), delay, pure('b')] })
    memory.command({ workflowId: workflow.id, scopes: '{"$param":{"n":1}}' })
    look(memory)
    memory.read()
    expect(memory.answers('api_1')).toEqual([])
    memory.commit()
    expect(last<LookedRun>(memory)).toMatchObject({
      ...{ run: { runId: 'run_x', status: 'waiting', scopes: '{"$param":{"n":1}}' }, after: 0 },
      steps: [{ actionKey: 'a', status: 'succeeded', number: 1 }],
    })
  })

  it('shows a run that has ended, and of another organization or environment nothing', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a')] })
    memory.command({ workflowId: workflow.id })
    await memory.settle()
    look(memory)
    await memory.settle()
    expect(last<LookedRun>(memory)).toMatchObject({ run: { status: 'succeeded' }, wasLive: false })
    const strangers = [
      [{}, { organizationId: 'org_b' }],
      [{}, { environment: 'test' }],
      [{ runId: 'run_none' }, {}],
    ]
    for (const [question, stranger] of strangers) {
      look(memory, question, stranger)
      await memory.settle()
      expect(last<LookedRun>(memory)).toMatchObject({ run: null, steps: [] })
    }
  })

  it('behind a crash says from which step on it knows them', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a'), delay, pure('b'), { ...delay, key: 'again' }] })
    memory.command({ workflowId: workflow.id })
    await memory.settle()
    memory.crash()
    look(memory)
    await memory.settle()
    expect(last<LookedRun>(memory)).toMatchObject({ run: { status: 'waiting' }, steps: [], after: 1 })
    memory.clock.advance(60_000)
    await memory.settle()
    look(memory)
    await memory.settle()
    expect(last<LookedRun>(memory)).toMatchObject({ after: 1, steps: [{ number: 2 }, { number: 3, actionKey: 'b' }] })
  })

  it('at all runs lists those of the environment, live or ended lately, newest first', async () => {
    const memory = createMemoryRun()
    const [one, other] = [memory.deploy({ actions: [pure('a')] }), memory.deploy({ actions: [delay] })]
    memory.command({ runId: 'run_1', workflowId: one.id, scopes: '{"$param":{"big":1}}' })
    await memory.settle()
    memory.clock.advance(10)
    memory.command({ runId: 'run_2', workflowId: other.id })
    await memory.settle()
    look(memory, { about: 'runs' })
    await memory.settle()
    expect(last<RunRow[]>(memory).map(({ runId, status, scopes }) => [runId, status, scopes])).toEqual([
      ['run_2', 'waiting', '{}'],
      ['run_1', 'succeeded', '{}'],
    ])
    look(memory, { about: 'runs', workflowId: one.id })
    await memory.settle()
    expect(last<RunRow[]>(memory).map(({ runId }) => runId)).toEqual(['run_1'])
  })

  it('with a cancellation shows the run as it has ended, and that it had not before', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [delay] })
    memory.command({ workflowId: workflow.id })
    await memory.settle()
    const cancel = { kind: 'cancel' as const, answerTo: to(memory, 'look') }
    for (const wasLive of [true, false]) {
      memory.command(cancel)
      await memory.settle()
      expect(last<LookedRun>(memory)).toMatchObject({ wasLive, run: { status: 'cancelled', step: 1 } })
    }
  })
})

describe('a watch', () => {
  const watched = (memory: MemoryRun) => memory.answers('api_1').map(({ value }) => value as unknown as WatchedSteps)
  const watch = (memory: MemoryRun, after = 0) =>
    memory.command({
      ...{ kind: 'cancel', ask: 'watch', runId: '', answerTo: to(memory, 'watch') },
      options: JSON.stringify({ runId: 'run_x', after }),
    })

  it('is answered with each step that commits, then with the end, and not again', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a'), { ...delay, with: { seconds: 20 } }, pure('b')] })
    memory.command({ workflowId: workflow.id })
    watch(memory)
    await memory.settle()
    memory.clock.advance(20_000)
    await memory.settle()
    const seen = watched(memory)
    expect(seen.flatMap(({ steps }) => steps.map(({ actionKey }) => actionKey))).toEqual(['a', 'wait', 'b'])
    expect([seen[0]!.run!.status, seen.at(-1)!.run!.status]).toEqual(['waiting', 'succeeded'])
    const { length } = seen
    memory.command({ workflowId: workflow.id, runId: 'run_other' })
    await memory.settle()
    expect(watched(memory)).toHaveLength(length)
  })

  it('that is renewed goes on behind the steps that are known, with another owner too', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a'), delay, pure('b')] })
    memory.command({ workflowId: workflow.id })
    watch(memory)
    await memory.settle()
    memory.crash()
    watch(memory, 1)
    await memory.settle()
    memory.clock.advance(20_000)
    watch(memory, 1)
    memory.clock.advance(20_000)
    watch(memory, 1)
    memory.clock.advance(20_000)
    await memory.settle()
    const steps = watched(memory).flatMap(each => each.steps.map(({ number }) => number))
    expect(steps).toEqual([1, 2, 3])
  })

  it('whose lease is over is answered no more', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: [pure('a'), delay, pure('b')] })
    memory.command({ workflowId: workflow.id })
    watch(memory)
    await memory.settle()
    const before = watched(memory).length
    memory.clock.advance(60_000)
    await memory.settle()
    expect(memory.ended()).toHaveLength(1)
    expect(watched(memory)).toHaveLength(before)
  })

  it('of a run that is not known says so', async () => {
    const memory = createMemoryRun()
    watch(memory)
    await memory.settle()
    expect(watched(memory)).toEqual([{ run: null, isKnown: false, steps: [], after: 0 }])
  })
})

describe('an event that a debug run creates', () => {
  const debugging = async (options: object) => {
    const memory = createMemoryRun(
      (_request, number): CallResult => ({
        ...{ status: 200, headers: {}, body: Buffer.from(String(number)), durationMs: 1 },
      }),
    )
    const make = { key: 'make', type: 'create_event', with: { event: 'order', params: { n: 1 } } }
    const workflow = memory.deploy({ actions: [make, request('out')] })
    const debug = { mocks: {}, stopAt: null, sideEffects: 'execute', emit: false, ...options }
    memory.command({ workflowId: workflow.id, trigger: '{"mode":"debug"}', options: JSON.stringify({ debug }) })
    await memory.settle()
    return memory
  }

  it('is judged and shown, and reaches nobody', async () => {
    const memory = await debugging({})
    expect(memory.emits()).toEqual([])
    expect(memory.steps()[0]).toMatchObject({ actionKey: 'make', errorCode: 'event_not_registered' })
  })

  it('is real where the call wants that, and never while effects are mocked', async () => {
    expect((await debugging({ emit: true })).emits()).toHaveLength(1)
    const mocked = await debugging({ emit: true, sideEffects: 'mock' })
    expect([mocked.emits(), mocked.requests]).toEqual([[], []])
  })
})

describe('recent runs', () => {
  const step = (runId: string, number: number, size = 0) =>
    ({ runId, number, input: null, output: 'x'.repeat(size), variables: null }) as StepRow

  it('are forgotten beyond their bounds, those first that nothing was written to for longest', () => {
    const recent = createRecentRuns({ bytesMax: 10_000, endedMax: 2 })
    recent.step(step('run_1', 1, 1_000))
    recent.step(step('run_2', 1, 1_000))
    recent.step(step('run_1', 2, 1_000))
    recent.step(step('run_3', 1, 1_000))
    expect(['run_1', 'run_2', 'run_3'].map(id => recent.stepsOf(id)?.length)).toEqual([2, undefined, 1])
    const end = (runId: string) => ({ runId, scopes: '', output: null, warnings: '' }) as unknown as RunRow
    for (const id of ['run_4', 'run_5', 'run_6']) recent.ended(end(id))
    expect([...recent.ends()].map(({ runId }) => runId)).toEqual(['run_5', 'run_6'])
  })
})
