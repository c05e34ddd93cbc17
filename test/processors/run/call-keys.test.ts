/** Idempotency keys of calls: one run for a key, whatever crashes, and its answer for everybody who asks with it. */
import { describe, expect, it } from '@jest/globals'
import type { CallResult } from '../../../src/delivery/outbound-call.ts'
import type { RouteTrigger, Workflow } from '../../../src/model/workflows.ts'
import { OK } from './memory-outside.ts'
import { createMemoryRun, type MemoryRun } from './memory-run.ts'

const TRIGGER = { kind: 'route', method: 'POST', path: '/a' } as RouteTrigger
const respond = (body: unknown) => ({ key: 'answer', type: 'respond', with: { body } })
const request = { key: 'ask', type: 'http_request', with: { method: 'POST', url: 'http://supplier.test/a' } }

function setup(
  actions: object[],
  answer: (number: number) => CallResult | undefined = () => OK,
  settings: Partial<Workflow> = {},
) {
  const memory = createMemoryRun((_request, number) => answer(number))
  const route = memory.deploy({ actions }, { trigger: TRIGGER, ...settings })
  let calls = 0
  return {
    memory,
    /** The number of the call. */
    call(hash: string | null, bodyHash = 'b', wants: 'response' | 'taken' = 'response', body = 'x'): number {
      const correlation = ++calls
      memory.command({
        ...{ workflowId: route.id, runId: `run_${correlation}`, scopes: JSON.stringify({ $body: body }) },
        trigger: JSON.stringify({ mode: 'route', triggerKind: 'route' }),
        answerTo: { process: 'api_1', correlation, deadlineMs: 4_000_000_000_000, wants },
        callKey: hash === null ? null : { hash, bodyHash },
      })
      return correlation
    },
  }
}

const answers = (memory: MemoryRun) =>
  memory
    .answers('api_1')
    .sort((one, other) => one.correlation - other.correlation)
    .map(({ correlation, kind, runId, value }) => [
      correlation,
      kind,
      runId,
      value?.body ?? value?.code ?? value?.status ?? null,
    ])

describe('calls with one key', () => {
  it('make one run; those that come while it runs and those that come later get its answer, across crashes', async () => {
    const { memory, call } = setup([request, respond({ n: 1 })])
    call('k')
    call('k')
    memory.read()
    memory.commit()
    memory.crash()
    await memory.settle()
    memory.crash()
    call('k')
    call('k', 'b', 'taken')
    await memory.settle()
    expect(answers(memory)).toEqual([
      [1, 'responded', 'run_1', '{"n":1}'],
      [2, 'responded', 'run_1', '{"n":1}'],
      [3, 'responded', 'run_1', '{"n":1}'],
      [4, 'taken', 'run_1', null],
    ])
    expect(memory.ended().map(({ runId }) => runId)).toEqual(['run_1'])
  })

  it('and another body are refused; another key, or none, is another run', async () => {
    const { memory, call } = setup([respond('{{$run.id}}')])
    call('k')
    call('k', 'other')
    call('l')
    call(null)
    await memory.settle()
    expect(answers(memory)).toEqual([
      [1, 'responded', 'run_1', 'run_1'],
      [2, 'refused', 'run_1', 'idempotency_key_conflict'],
      [3, 'responded', 'run_3', 'run_3'],
      [4, 'responded', 'run_4', 'run_4'],
    ])
  })

  it('get the end where the run did not respond, and the run where the answer was too large', async () => {
    const quiet = setup([{ key: 'a', type: 'fail', with: { reason: 'no' } }])
    for (let n = 0; n < 2; n++) {
      quiet.call('k')
      await quiet.memory.settle()
    }
    expect(answers(quiet.memory)).toEqual([
      [1, 'ended', 'run_1', 'failed'],
      [2, 'ended', 'run_1', 'failed'],
    ])
    const large = setup([respond('{{$body}}')])
    for (let n = 0; n < 2; n++) {
      large.call('k', 'b', 'response', 'x'.repeat(70_000))
      await large.memory.settle()
    }
    expect(answers(large.memory)[1]).toEqual([2, 'refused', 'run_1', 'answer_not_kept'])
  })

  it('may come again when the first could not begin', async () => {
    const { memory, call } = setup([respond('in')], undefined, { active: false })
    call('k')
    await memory.settle()
    expect(answers(memory)).toEqual([[1, 'ended', 'run_1', 'skipped']])
    call('k')
    await memory.settle()
    expect(answers(memory)[1]).toEqual([2, 'ended', 'run_2', 'skipped'])
  })

  it('make another run a day later', async () => {
    const { memory, call } = setup([respond('{{$run.id}}')])
    call('k')
    await memory.settle()
    memory.clock.advance(86_400_001)
    memory.crash()
    call('k')
    await memory.settle()
    expect(answers(memory)[1]).toEqual([2, 'responded', 'run_2', 'run_2'])
  })

  it('are forgotten oldest first beyond those of the plan, and with their organization', async () => {
    const { memory, call } = setup([respond('{{$run.id}}')])
    memory.control('organization', { ...memory.organization, plan: 'FREE' } as never)
    for (let n = 0; n < 1_001; n++) call(`k${n}`)
    await memory.settle()
    memory.crash()
    const [oldest, newest] = [call('k0'), call('k1000')]
    await memory.settle()
    const runOf = (correlation: number) => answers(memory).find(([number]) => number === correlation)?.[2]
    expect([runOf(oldest), runOf(newest)]).toEqual([`run_${oldest}`, 'run_1001'])
  })
})

describe('a response', () => {
  it('that has committed is sent once, though later actions fail', async () => {
    const failing = { key: 'end', type: 'fail', with: { reason: 'later' } }
    const { memory, call } = setup([{ ...respond('early'), with: { body: 'early', continue: true } }, failing])
    call(null)
    await memory.settle()
    expect(answers(memory)).toEqual([[1, 'responded', 'run_1', 'early']])
    expect(memory.ended().map(({ status }) => status)).toEqual(['failed'])
  })

  it('is not sent before it has committed', async () => {
    const { memory, call } = setup([respond('a')])
    call(null)
    memory.read()
    await memory.breathe()
    expect(answers(memory)).toEqual([])
    memory.commit()
    expect(answers(memory)).toHaveLength(1)
  })
})
