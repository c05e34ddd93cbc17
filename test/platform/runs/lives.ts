import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { createReceiver } from '../../support/receiver.ts'
import { untilFound } from '../../support/until.ts'
import { deployed, emit, ended, platform, type Run } from './set-up.ts'

export function describeLives(): void {
  describe('a run', () => {
    it('waits in a delay, and goes on', async () => {
      const organization = await platform.organization()
      const actions = [
        { key: 'wait', type: 'delay', with: { seconds: 1 } },
        { key: 'after', type: 'transform', with: { template: 'done' } },
      ]
      const workflow = await deployed(organization, 'later', { actions })
      await emit(organization, 'later', {})
      const [run] = await ended(organization, workflow, 1)
      expect(run).toMatchObject({ status: 'succeeded', output: { value: 'done' } })
      expect(run!.durationMs).toBeGreaterThanOrEqual(1_000)
    }, 60_000)

    it('calls another one and takes its output', async () => {
      const organization = await platform.organization()
      const child = await deployed(organization, '', {
        actions: [{ key: 'sum', type: 'transform', with: { template: { got: '{{$param.a}}' } } }],
      })
      const call = { workflowId: child, params: { a: '{{$param.a}}' } }
      const parent = await deployed(organization, '', { actions: [{ key: 'call', type: 'call_workflow', with: call }] })
      const started = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${parent}/run`, {
        params: { a: 5 },
      })
      expect(started.status).toBe(202)
      const [run] = await ended(organization, parent, 1)
      expect(run).toMatchObject({ id: started.data.runId, mode: 'manual', status: 'succeeded' })
      expect(run!.output).toMatchObject({ output: { value: { got: 5 } } })
      const [called] = await ended(organization, child, 1)
      expect(called).toMatchObject({ trigger: { kind: 'workflow', parentRunId: run!.id }, chainDepth: 1 })
    }, 60_000)

    it('that waits is cancelled, and cannot be cancelled again', async () => {
      const organization = await platform.organization()
      const actions = [{ key: 'wait', type: 'delay', with: { seconds: 3_600 } }]
      const workflow = await deployed(organization, '', { actions })
      const { data } = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${workflow}/run`)
      const path = `/api/v1/workflows/runs/${data.runId}`
      await untilFound('it is recorded', async () => (await organization.call('GET', path)).status === 200)
      expect((await organization.call('POST', `${path}/cancel`)).status).toBe(202)
      expect(await ended(organization, workflow, 1)).toMatchObject([{ status: 'cancelled' }])
      expect((await organization.call('POST', `${path}/cancel`)).code).toBe('run_ended')
    }, 60_000)

    it('is started once more with what it was started with', async () => {
      const organization = await platform.organization()
      const actions = [{ key: 'say', type: 'fail', with: { reason: 'n is {{$param.n}}' } }]
      const workflow = await deployed(organization, 'once', { actions })
      await emit(organization, 'once', { n: 9 })
      const [run] = await ended(organization, workflow, 1)
      expect(run).toMatchObject({ status: 'failed', reason: 'n is 9' })
      const again = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/runs/${run!.id}/retry`)
      expect(again.status).toBe(202)
      const [, second] = await ended(organization, workflow, 2)
      expect(second).toMatchObject({ id: again.data.runId, retryOf: run!.id, reason: 'n is 9', mode: 'manual' })
    }, 60_000)
  })

  describe('a replay to a workflow', () => {
    it('starts one run for each stored event that its trigger takes', async () => {
      const organization = await platform.organization()
      const from = new Date(Date.now() - 60_000).toISOString()
      for (const n of [1, 2, 3]) await emit(organization, 'stored', { n })
      const conditions = { all: [{ path: 'payload.data.n', operator: 'gt', value: 1 }] }
      const actions = [{ key: 'seen', type: 'transform', with: { template: '{{$param.n}}' } }]
      const trigger = { kind: 'event', event: 'stored', conditions }
      const workflow = await deployed(organization, '', { actions }, { trigger })
      const replay = await organization.call<{ id: string }>('POST', '/api/v1/replays', {
        ...{ source: { from }, target: { kind: 'workflow', ids: [workflow] }, options: { ratePerSecond: 100 } },
      })
      expect([replay.status, replay.body]).toEqual([202, expect.anything()])
      const done = await untilFound('the replay is complete', async () => {
        const { data } = await organization.call<{ state: string }>('GET', `/api/v1/replays/${replay.data.id}`)
        return data.state === 'completed' && data
      })
      const runs = await ended(organization, workflow, 2)
      expect(runs.map(({ mode, output }) => [mode, output]).sort()).toEqual([
        ['replay', { value: 2 }],
        ['replay', { value: 3 }],
      ])
      expect(runs[0]!.trigger).toMatchObject({ replayId: replay.data.id })
      await untilFound('its figures are there', async () => {
        const { data } = await organization.call<{ progress: object }>('GET', `/api/v1/replays/${replay.data.id}`)
        const { succeeded, skipped } = data.progress as { succeeded: number; skipped: number }
        return succeeded === 2 && skipped === 1
      })
      expect(done.state).toBe('completed')
    }, 90_000)
  })

  describe('a run that failed', () => {
    it('starts again at the action that failed, with the answers before it', async () => {
      const organization = await platform.organization()
      let isDown = true
      const supplier = await createReceiver({
        answer: ({ path }) => ({
          status: path === '/second' && isDown ? 422 : 200,
          body: '{"n":12345678901234567890}',
        }),
      })
      const ask = (key: string, more: object = {}) => ({
        ...{ key, type: 'http_request', with: { method: 'POST', url: `${supplier.url}/${key}`, ...more } },
      })
      const actions = [ask('first'), ask('second', { body: "{{$action['first'].body}}" })]
      const workflow = await deployed(organization, 'again', { actions })
      await emit(organization, 'again', {})
      const [failed] = await ended(organization, workflow, 1)
      expect(failed).toMatchObject({ status: 'failed', error: { actionKey: 'second' } })
      isDown = false
      const path = `/api/v1/workflows/runs/${failed!.id}/retry`
      expect((await organization.call('POST', path, { from: 'nothing' })).body).toMatchObject({
        error: { code: 'validation_failed', details: [{ path: '/from' }] },
      })
      expect((await organization.call('POST', path, { from: 'second' })).status).toBe(202)
      const [, again] = await ended(organization, workflow, 2)
      expect(again).toMatchObject({ status: 'succeeded', retryOf: failed!.id })
      expect(again!.steps.map(({ path: at, status }) => [at, status])).toEqual([
        ['first', 'copied'],
        ['second', 'succeeded'],
      ])
      expect(supplier.requests.map(({ path: at }) => at)).toEqual(['/first', '/second', '/second'])
      expect(supplier.requests.at(-1)!.body.toString()).toContain('12345678901234567890')

      const list = (query: string) =>
        organization.call<Run[]>('GET', `/api/v1/workflows/${workflow}/runs?${query}`).then(({ data }) => data.length)
      const stats = await untilFound('history has both', async () => {
        const { data } = await organization.call<{ stats: { runs: number } | null }>(
          'GET',
          `/api/v1/workflows/${workflow}`,
        )
        return data.stats?.runs === 2 && data.stats
      })
      expect(stats).toMatchObject({ failed: 1, lastStatus: 'succeeded' })
      expect(await list('event=platformxe.generic')).toBe(2)
      expect(await list('event=shop.other')).toBe(0)
      expect(await list(`to=${failed!.startedAt}`)).toBe(0)
      expect(await list(`from=${failed!.startedAt}`)).toBe(2)
      await supplier.close()
    }, 90_000)

    it('starts the workflow that names that lifecycle event, which starts nothing further', async () => {
      const organization = await platform.organization()
      const watch = { actions: [{ key: 'seen', type: 'transform', with: { template: '{{$param.workflowId}}' } }] }
      const watcher = await deployed(organization, 'WORKFLOW_RUN_FAILED', watch)
      const actions = [{ key: 'no', type: 'fail', with: { reason: 'no' } }]
      const failing = await deployed(organization, 'fails', { actions })
      await emit(organization, 'fails', {})
      expect(await ended(organization, watcher, 1)).toMatchObject([{ status: 'succeeded', output: { value: failing } }])
    }, 60_000)
  })

  describe('a workflow', () => {
    it('starts no more often than its cooldown and its concurrency let it, and says why not', async () => {
      const organization = await platform.organization()
      const actions = [{ key: 'pass', type: 'stop', with: {} }]
      const workflow = await deployed(organization, 'often', { actions }, { cooldownSeconds: 3_600 })
      for (const n of [1, 2]) await emit(organization, 'often', { n })
      const runs = await ended(organization, workflow, 2)
      expect(runs.map(({ status, skipReason }) => [status, skipReason])).toEqual([
        ['succeeded', null],
        ['skipped', 'cooldown'],
      ])
    }, 60_000)

    it('with one slot runs one after the other', async () => {
      const organization = await platform.organization()
      let most = 0
      let now = 0
      const answerLate = async () => {
        most = Math.max(most, ++now)
        await pause(50)
        now--
      }
      const slow = await createReceiver({ answer: () => ({ late: answerLate() }) })
      const actions = [{ key: 'ask', type: 'http_request', with: { url: `${slow.url}/` } }]
      const concurrency = { limit: 1, overflow: 'queue' }
      const workflow = await deployed(organization, 'single', { actions }, { concurrency })
      for (const n of [1, 2, 3, 4]) await emit(organization, 'single', { n })
      const runs = await ended(organization, workflow, 4)
      expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded', 'succeeded'])
      expect(most).toBe(1)
      await slow.close()
    }, 60_000)
  })
}
