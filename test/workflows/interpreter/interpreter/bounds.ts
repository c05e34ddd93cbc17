/** Bounds, effects, responses, debug runs and the rest of a run. */
import { describe, expect, it } from '@jest/globals'
import { RUN_LIMITS } from '../../../../src/workflows/interpreter/run.ts'
import { started } from '../started.ts'
import { get, http, insert, loop, value } from './set-up.ts'

export function describeBounds(): void {
  describe('a bound', () => {
    it('of steps ends the run, whatever would catch it, and the walk yields before', () => {
      const inner = loop(
        'm',
        Array.from({ length: 100 }, (_, n) => n),
        [value('a', 1)],
        { keepOutputs: false },
      )
      const run = started(
        [
          {
            ...loop(
              'l',
              Array.from({ length: 100 }, (_, n) => n),
              [inner],
              { keepOutputs: false },
            ),
            onError: 'continue',
          },
        ],
        {
          onError: [value('after', '{{$run.error.code}}')],
        },
      )
      expect(run.last.ended).toMatchObject({ status: 'failed', error: { code: 'step_limit_exceeded' } })
      expect(run.records.at(-1)!.output).toEqual({ value: 'step_limit_exceeded' })
      // Each item of an inner loop, and the inner loops themselves.
      expect(run.records.filter(({ status }) => status === 'succeeded').length).toBeLessThanOrEqual(
        RUN_LIMITS.steps + 1,
      )
    })

    it('of an output fails its step with a code, and nothing is cut', () => {
      const run = started([get('a', { onError: 'continue' }), value('b', "{{$action['a'].error.code}}")])
      run.answer('a', { rows: 'x'.repeat(RUN_LIMITS.outputBytes) })
      expect(run.last.ended!.output).toEqual({ value: 'run_data_exceeded' })
    })

    it('of all outputs together fails the step that would exceed it, and frees what an iteration did not keep', () => {
      const big = { x: 'x'.repeat(RUN_LIMITS.outputBytes - 100) }
      const run = started([0, 1, 2, 3, 4].map(n => get(`a${n}`)))
      for (const n of [0, 1, 2, 3]) run.answer(`a${n}`, big)
      expect(run.last.ended).toBeNull()
      run.answer('a4', big)
      expect(run.last.ended!.error).toMatchObject({ actionKey: 'a4', code: 'run_data_exceeded' })
      const free = started([loop('l', [1, 2, 3, 4, 5, 6], [get('a')], { keepOutputs: false })])
      for (const n of [0, 1, 2, 3, 4, 5]) free.answer(`l[${n}]/a`, big)
      expect(free.last.ended!.status).toBe('succeeded')
      const kept = started([loop('l', [1, 2], [get('a')])])
      for (const n of [0, 1]) kept.answer(`l[${n}]/a`, big)
      expect(kept.last.ended!.error).toMatchObject({ actionKey: 'l', code: 'run_data_exceeded' })
      expect(free.run.state.bytes).toBeLessThan(1_000)
    })

    it('of depth fails the step', () => {
      let deep: unknown = 1
      for (let level = 0; level < 100_000; level++) deep = [deep]
      const run = started([get('a')])
      run.answer('a', deep)
      expect(run.last.ended!.error!.code).toBe('run_data_exceeded')
    })

    it('of text that templates make fails the step', () => {
      const twice = Array.from({ length: 20 }, () => '{{$body}}').join('')
      const run = started([value('a', twice)], { scopes: { $body: 'x'.repeat(100_000) } })
      expect(run.last.ended!.error!.code).toBe('run_data_exceeded')
    })
  })

  describe('the commit before an effect', () => {
    it('holds effects that cannot be taken back until answers that could change have committed', () => {
      const run = started([
        get('read'),
        insert('write'),
        http('call'),
        { key: 'e', type: 'create_event', with: { event: 'x' } },
        insert('last'),
      ])
      expect(run.performed('read')).toMatchObject({ effect: 'reading', afterInput: 0 })
      run.answer('read', {})
      expect(run.performed('write')).toMatchObject({ effect: 'keyed', afterInput: 2 })
      run.answer('write', {})
      expect(run.performed('call')).toMatchObject({ effect: 'outward', afterInput: 3 })
      run.answer('call', {})
      // In the transaction of the answer: nothing to wait for.
      expect(run.performed('e')).toMatchObject({ effect: 'transactional', afterInput: 0 })
      run.answer('e', {})
      expect(run.performed('last')).toMatchObject({ afterInput: 4 })
    })
  })

  describe('a response', () => {
    const respond = (key: string, more: object = {}) => ({
      key,
      type: 'respond',
      with: { body: { ok: true }, ...more },
    })

    it('ends the run, unless actions follow', () => {
      const ends = started([respond('r'), value('never', 1)])
      expect(ends.last.effects).toMatchObject([
        { kind: 'perform', type: 'respond', with: { status: 200, headers: {}, body: { ok: true } } },
      ])
      expect(ends.last.ended!.status).toBe('succeeded')
      const goesOn = started([respond('r', { continue: true }), value('then', 1)])
      expect(goesOn.last.ended!.output).toEqual({ value: 1 })
    })

    it('is given once', () => {
      const run = started([respond('r', { continue: true }), respond('again')])
      expect(run.last.ended!.error).toMatchObject({ actionKey: 'again', code: 'already_responded' })
      expect(run.asked()).toEqual(['r'])
    })
  })

  describe('a debug run', () => {
    const debug = (more: object) => ({
      mode: 'debug' as const,
      debug: { mocks: {}, stopAt: null, sideEffects: 'execute' as const, ...more },
    })

    it('takes mocks, of loops too, and shows the variables behind each step', () => {
      const set = { key: 'v', type: 'set_variable', with: { value: 7 } }
      const run = started(
        [set, http('a'), loop('l', [1], [http('b')]), value('c', "{{$action['a'].status}} {{$action['l'].count}}")],
        {
          ...debug({ mocks: { a: { status: 1 }, l: { count: 9 } } }),
        },
      )
      expect(run.last.ended!.output).toEqual({ value: '1 9' })
      expect(run.records.map(({ path, status }) => `${path} ${status}`)).toEqual([
        'v succeeded',
        'a mocked',
        'l mocked',
        'c succeeded',
      ])
      expect(run.records.map(({ variables }) => variables)).toEqual([{ v: 7 }, { v: 7 }, { v: 7 }, { v: 7 }])
    })

    it('stops after an action', () => {
      const run = started([value('a', 1), value('b', 2)], debug({ stopAt: 'a' }))
      expect(run.last.ended).toMatchObject({ status: 'succeeded', reason: 'stopped at a' })
      expect(run.records).toHaveLength(1)
    })

    it('lets nothing out where side effects are placeholders, and reads', () => {
      const run = started(
        [http('a'), { key: 'd', type: 'delay', with: { seconds: 60 } }, get('r'), insert('w')],
        debug({ sideEffects: 'mock' }),
      )
      expect(run.asked()).toEqual(['r'])
      expect(run.records.map(({ status }) => status)).toEqual(['mocked', 'mocked'])
      run.answer('r', {})
      // Runs, and is rolled back by whoever performs it.
      expect(run.asked()).toEqual(['w'])
    })
  })

  describe('a run', () => {
    it('in strict mode fails at what is missing, and else warns', () => {
      const actions = [value('a', '{{$body.x}}')]
      const lenient = started(actions, { scopes: { $body: {} } })
      expect(lenient.last.ended!.output).toEqual({ value: null })
      expect(lenient.run.state.warnings).toMatchObject([{ path: 'a', rule: 'template_missing' }])
      const strict = started(actions, { scopes: { $body: {} }, strict: true })
      expect(strict.last.ended!.error).toMatchObject({ actionKey: 'a', code: 'template_missing' })
    })

    it('fails a step whose templates make what the action does not take', () => {
      const run = started([{ key: 'r', type: 'respond', with: { status: '{{$body}}' } }], { scopes: { $body: 'x' } })
      expect(run.last.ended!.error).toMatchObject({ code: 'with_invalid', message: 'with/status must be integer' })
    })

    it('sends secrets, by name or by template, and takes variables as they were at its start', () => {
      const auth = (secret: string) => ({ url: '{{$env.BASE}}/', auth: { type: 'bearer', secret } })
      const run = started([{ key: 'a', type: 'http_request', with: auth('KEY') }], {
        variables: { BASE: 'https://a.test' },
      })
      expect(run.performed('a').with).toEqual({
        url: 'https://a.test/',
        auth: { type: 'bearer', secret: 'secret of KEY' },
      })
    })

    it('takes the answers of an earlier run by their paths', () => {
      const run = started([loop('l', [1, 2], [http('a')]), http('b')], {
        known: { 'l[0]/a': { status: 1 }, 'l[1]/a': { status: 2 } },
      })
      expect(run.asked()).toEqual(['b'])
      expect(run.records.map(({ path, status }) => `${path} ${status}`)).toEqual([
        'l[0]/a copied',
        'l[1]/a copied',
        'l succeeded',
      ])
    })

    it('ends by stop and fail from within loops, and skips what is disabled', () => {
      const ends = (type: string) =>
        started([
          loop('l', [1, 2], [{ key: 'e', type, with: { reason: 'enough' } }, http('a')], {
            concurrency: 2,
            continueOnError: true,
          }),
          http('b'),
        ])
      expect(ends('stop').last.ended).toMatchObject({ status: 'succeeded', reason: 'enough' })
      expect(ends('fail').last.ended).toMatchObject({
        status: 'failed',
        reason: 'enough',
        error: { code: 'workflow_failed' },
      })
      expect(ends('fail').last.effects).toEqual([])
      expect(started([http('a', { disabled: true }), value('b', 1)]).last.ended!.output).toEqual({ value: 1 })
    })

    it('takes a switch by equal values, of objects too', () => {
      const chosen = (body: unknown) =>
        started(
          [
            {
              key: 's',
              type: 'switch',
              with: { value: '{{$body}}' },
              cases: [
                { value: { a: [1] }, do: [value('x', 'object')] },
                { value: 'one', do: [value('y', 'text')] },
              ],
              default: [value('z', 'default')],
            },
            value('end', "{{$action['s'].case}}"),
          ],
          { scopes: { $body: body } },
        ).last.ended!.output
      expect([chosen({ a: [1] }), chosen('one'), chosen('two')]).toEqual([{ value: 0 }, { value: 1 }, { value: null }])
    })
  })
}
