/** Slots, calls of workflows, schedules, and answers to who waits. */
import { describe, expect, it } from '@jest/globals'
import { createMemoryRun, type MemoryRun } from '../memory-run.ts'
import { json, pure, request, statuses } from './set-up.ts'

export function describeTurns(): void {
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
}
