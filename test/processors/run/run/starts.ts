/** Starts, and runs that begin elsewhere or wait. */
import { describe, expect, it } from '@jest/globals'
import { keepDefinition } from '../../../../src/workflows/kept-definition.ts'
import { createMemoryRun } from '../memory-run.ts'
import { json, pure, request, statuses } from './set-up.ts'

export function describeStarts(): void {
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
      return {
        id: 'wh_1',
        organizationId: 'org_a',
        environment: 'live',
        createdAt: new Date(0).toISOString(),
        ...facts,
      }
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
      const definition = keepDefinition(
        { language: 1, actions: [request('a'), request('b')], onError: [] },
        'canonical',
      )
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
}
