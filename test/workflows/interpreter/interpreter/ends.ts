/** Attempts, time and loops. */
import { describe, expect, it } from '@jest/globals'
import { RUN_LIMITS } from '../../../../src/workflows/interpreter/run.ts'
import { ORDERS } from '../../worked-example.ts'
import { START_MS, started } from '../started.ts'
import { http, loop, value } from './set-up.ts'

export function describeEnds(): void {
  describe('the worked example', () => {
    const body = { customer: { id: 'c' }, sku: { id: 'A', name: 'n', price: 2 }, quantity: 3 }

    it.each([51, 50, 49])('orders more below a stock of 50: %d', left => {
      const run = started(ORDERS.actions, { mode: 'route', scopes: { $body: body } })
      expect(run.performed('invoice').with).toMatchObject({ lines: [{ quantity: 3, unitPrice: 2 }] })
      run.answer('invoice', { invoiceId: 'inv_1', number: 1, total: 6 })
      expect(run.performed('stock')).toMatchObject({
        effect: 'keyed',
        afterInput: 0,
        with: { increment: { quantity: -3 } },
      })
      run.answer('stock', { row: { quantity: left }, rows: [], rowCount: 1 })
      expect(run.performed('left').with).toMatchObject({
        sql: { text: 'select quantity from stock where sku = $1', values: ['A'] },
      })
      run.answer('left', { rows: [{ quantity: left }], rowCount: 1, first: { quantity: left } })
      if (left < 50) {
        expect(run.performed('reorder')).toMatchObject({ effect: 'transactional', with: { params: { sku: 'A' } } })
        expect(run.last.isWaiting).toBe(true)
        run.answer('reorder', { eventId: 'evt_1' })
      }
      expect(run.performed('answer').with).toEqual({ status: 201, headers: {}, body: { invoice: 'inv_1', left } })
      expect(run.last.ended).toMatchObject({ status: 'succeeded', error: null })
      expect(run.run.state.warnings).toEqual([])
    })
  })

  describe('an attempt that fails', () => {
    it('is tried again with a growing pause when it may pass, and its answer goes on', () => {
      const run = started([
        http('a', { retry: { attempts: 3, firstSeconds: 2 } }),
        value('b', "{{$action['a'].status}}"),
      ])
      run.fail('a', { isTransient: true })
      expect(run.last.wakeAtMs).toBe(START_MS + 2_000)
      expect(run.last.isWaiting).toBe(true)
      expect(run.wake(1_999).accepted).toEqual([])
      run.wake(1)
      expect(run.performed('a')).toMatchObject({ attempt: 2, afterInput: 2 })
      run.fail('a', { isTransient: true, retryAfterMs: 60_000 }, 2)
      expect(run.last.wakeAtMs).toBe(START_MS + 62_000)
      run.wake(60_000)
      run.answer('a', { status: 200 }, 3)
      expect(run.last.ended).toMatchObject({ status: 'succeeded', output: { value: 200 } })
      expect(run.records[0]).toMatchObject({
        path: 'a',
        attempts: 3,
        startedAtMs: START_MS,
        endedAtMs: START_MS + 62_000,
      })
    })

    it('ends the run when nothing catches it, and is not tried again when it cannot pass', () => {
      const run = started([http('a', { retry: { attempts: 3 } }), value('b', 1)])
      run.fail('a', { code: 'http_status', isTransient: false })
      const error = { actionKey: 'a', path: 'a', code: 'http_status', message: 'is down' }
      expect(run.last.ended).toEqual({ status: 'failed', error, reason: null, output: null })
    })

    it('waits an hour at most, whatever Retry-After says', () => {
      const run = started([http('a', { retry: { attempts: 2 } })], { timeoutMs: 10 * 3_600_000 })
      run.fail('a', { isTransient: true, retryAfterMs: 1e12 })
      expect(run.last.wakeAtMs).toBe(START_MS + 3_600_000)
    })

    it('goes on, or on a branch, with its error as output', () => {
      const run = started([
        http('a', { onError: 'continue' }),
        http('b', { onError: { branch: [value('c', "{{$action['b'].error.code}}")] } }),
        value('d', ["{{$action['a'].error}}", "{{$action['c'].value | default: 0}}"]),
      ])
      run.fail('a', {})
      run.fail('b', { code: 'http_status' })
      expect(run.last.ended!.output).toEqual({
        value: [{ actionKey: 'a', code: 'down', message: 'is down' }, 'http_status'],
      })
    })

    it('leads to the branch of the run, once, which reads the error and does not change the status', () => {
      const onError = [http('tell'), value('what', '{{$run.error.actionKey}} {{$run.error.code}}'), http('never')]
      const run = started([http('a')], { onError })
      run.fail('a', {})
      expect(run.asked()).toEqual(['tell'])
      run.answer('tell', {})
      expect(run.records.at(-1)).toMatchObject({ path: 'what', output: { value: 'a down' } })
      run.fail('never', { code: 'other' })
      expect(run.last.ended).toMatchObject({ status: 'failed', error: { actionKey: 'a', code: 'down' } })
    })

    it('by the depth of the chain makes the run truncated', () => {
      const run = started([{ key: 'a', type: 'create_event', with: { event: 'e' } }])
      run.fail('a', { code: 'chain_depth_exceeded' })
      expect(run.last.ended!.status).toBe('truncated')
    })
  })

  describe('time', () => {
    it('gives up a step at its timeout, and an answer that comes later changes nothing', () => {
      const run = started([
        http('a', { timeoutMs: 5_000, onError: 'continue' }),
        value('b', "{{$action['a'].error.code}}"),
      ])
      expect(run.performed('a').deadlineMs).toBe(START_MS + 5_000)
      run.wake(5_000)
      expect(run.last.effects).toMatchObject([{ kind: 'abort', path: 'a' }])
      expect(run.last.ended!.output).toEqual({ value: 'http_timeout' })
      expect(run.answer('a', { status: 200 }).accepted).toEqual([])
    })

    it('parks a run in a delay, and the delay is no time of the run', () => {
      const run = started([{ key: 'd', type: 'delay', with: { seconds: 3_600 } }, http('a')], { timeoutMs: 20_000 })
      expect(run.last).toMatchObject({ isWaiting: true, wakeAtMs: START_MS + 3_600_000, effects: [] })
      run.wake(3_600_000)
      expect(run.asked()).toEqual(['a'])
      // Its output says when it began, which a restored run would do later.
      expect(run.performed('a').afterInput).toBe(2)
      expect(run.last.wakeAtMs).toBe(START_MS + 3_620_000)
      run.wake(20_000)
      expect(run.last.ended).toMatchObject({ status: 'timed_out', error: { code: 'run_timeout', path: null } })
    })

    it('ends a run at its timeout, whose branch has a minute of its own', () => {
      const run = started([http('a', { timeoutMs: 400_000 })], {
        timeoutMs: 10_000,
        onError: [http('tell', { timeoutMs: 90_000 })],
      })
      run.wake(10_000)
      expect(run.last.effects.map(({ kind, path }) => `${kind} ${path}`)).toEqual(['abort a', 'perform tell'])
      expect(run.last.wakeAtMs).toBe(START_MS + 70_000)
      run.wake(60_000)
      expect(run.last.ended!.status).toBe('timed_out')
    })

    it('until a time that is over does not pass, and one beyond the life of a run is refused', () => {
      const until = (text: string) => started([{ key: 'd', type: 'delay', with: { until: text } }]).last.ended
      expect(until('1970-01-01T00:00:01Z')!.status).toBe('succeeded')
      expect(until('1970-02-01T00:00:00Z')).toMatchObject({ status: 'failed', error: { code: 'with_invalid' } })
      const soon = started([{ key: 'd', type: 'delay', with: { until: '{{$param.at}}' } }], {
        scopes: { $param: { at: '1970-01-01T00:20:00Z' } },
      })
      expect(soon.last.wakeAtMs).toBe(1_200_000)
    })

    it('runs out after five days, wherever the run is', () => {
      const run = started([{ key: 'c', type: 'call_workflow', with: { workflowId: 'wf_2' } }], { timeoutMs: 1e9 })
      expect(run.last).toMatchObject({ isWaiting: true, wakeAtMs: START_MS + RUN_LIMITS.lifeMs })
      run.wake(RUN_LIMITS.lifeMs)
      expect(run.last.ended!.status).toBe('timed_out')
    })

    it('is cancelled at once, and what is under way is given up', () => {
      const run = started([loop('l', [1, 2, 3], [http('a')], { concurrency: 2 })], { onError: [http('never')] })
      run.give({ kind: 'cancel', nowMs: START_MS })
      expect(run.last.effects).toMatchObject([
        { kind: 'abort', path: 'l[0]/a' },
        { kind: 'abort', path: 'l[1]/a' },
      ])
      expect(run.last.ended!.status).toBe('cancelled')
      expect(run.records.map(({ path, status }) => `${path} ${status}`)).toEqual([
        'l cancelled',
        'l[0]/a cancelled',
        'l[1]/a cancelled',
      ])
    })
  })

  describe('a loop', () => {
    it('answers by iteration, however its iterations end', () => {
      const run = started(
        [loop('l', '{{$body}}', [http('a'), value('b', "{{$action['l'].item}}")], { concurrency: 3 })],
        {
          scopes: { $body: ['x', 'y', 'z', 'w'] },
        },
      )
      expect(run.asked()).toEqual(['l[0]/a', 'l[1]/a', 'l[2]/a'])
      for (const i of [2, 0]) run.answer(`l[${i}]/a`, { status: i })
      expect(run.asked()).toEqual([])
      for (const i of [3, 1]) run.answer(`l[${i}]/a`, { status: i })
      const item = (status: number, text: string) => ({ a: { status }, b: { value: text } })
      expect(run.last.ended!.output).toEqual({
        ...{ count: 4, failed: 0, errors: [] },
        outputs: [item(0, 'x'), item(1, 'y'), item(2, 'z'), item(3, 'w')],
      })
    })

    it('goes on after a failed iteration if it may, and else gives up the others', () => {
      const lenient = started([loop('l', [1, 2], [http('a')], { concurrency: 2, continueOnError: true })])
      lenient.fail('l[0]/a', {})
      lenient.answer('l[1]/a', { status: 1 })
      expect(lenient.last.ended!.output).toMatchObject({
        count: 2,
        failed: 1,
        errors: [{ i: 0, code: 'down' }],
        outputs: [null, {}],
      })
      const strict = started([loop('l', [1, 2, 3], [http('a')], { concurrency: 2 })])
      strict.fail('l[1]/a', {})
      expect(strict.last.effects).toMatchObject([{ kind: 'abort', path: 'l[0]/a' }])
      expect(strict.last.ended!.error).toMatchObject({ actionKey: 'a', path: 'l[1]/a' })
    })

    it('refuses more items than it may have, and what is no list', () => {
      const ended = (items: unknown, more: object = {}) =>
        started([loop('l', '{{$body}}', [], more)], { scopes: { $body: items } }).last.ended!
      expect(ended([1, 2, 3], { maxIterations: 2 }).error!.code).toBe('loop_limit_exceeded')
      expect(ended('no list').error!.code).toBe('with_invalid')
      expect(ended([]).output).toEqual({ count: 0, failed: 0, errors: [], outputs: [] })
      expect(ended([1, 2], { keepOutputs: false }).output).toEqual({ count: 2, failed: 0, errors: [] })
    })

    it('while a condition holds sees its turn and the variables of the turn before', () => {
      const turns = (most: number) =>
        started([
          {
            key: 'w',
            type: 'loop_while',
            with: {
              condition: {
                any: [
                  { path: "$var['n']", operator: 'lt', value: 3 },
                  { path: "$action['w'].i", operator: 'equals', value: 0 },
                ],
              },
              maxIterations: most,
            },
            do: [{ key: 'n', type: 'set_variable', with: { value: "{{$action['w'].i}}" }, optional: true }],
          },
          value('end', ["{{$action['w'].count}}", "{{$var['n'] | default: null}}"]),
        ]).last.ended!
      expect(turns(10).output).toEqual({ value: [4, 3] })
      expect(turns(3).error!.code).toBe('loop_limit_exceeded')
    })

    it('keeps the variables of parallel iterations apart', () => {
      const set = { key: 'v', type: 'set_variable', with: { value: "{{$action['l'].item}}" } }
      const run = (concurrency: number) =>
        started([loop('l', [1, 2], [set, http('a'), value('b', "{{$var['v']}}")], { concurrency })])
      const parallel = run(2)
      parallel.answer('l[0]/a', {})
      parallel.answer('l[1]/a', {})
      expect(parallel.run.state.root.variables).toEqual({})
      expect(parallel.records.filter(({ key }) => key === 'b').map(({ output }) => output)).toEqual([
        { value: 1 },
        { value: 2 },
      ])
      const inTurn = run(1)
      inTurn.answer('l[0]/a', {})
      inTurn.answer('l[1]/a', {})
      expect(inTurn.run.state.root.variables).toEqual({ v: 2 })
    })
  })
}
