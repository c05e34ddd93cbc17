import { describe, expect, it } from '@jest/globals'
import { RUN_LIMITS } from '../../../src/workflows/interpreter/run.ts'
import { ORDERS } from '../worked-example.ts'
import { START_MS, started } from './started.ts'

const value = (key: string, template: unknown, more: object = {}) => ({
  key,
  type: 'transform',
  with: { template },
  ...more,
})
const get = (key: string, more: object = {}) => ({ key, type: 'table_get', with: { table: 't' }, ...more })
const http = (key: string, more: object = {}) => ({
  key,
  type: 'http_request',
  with: { url: 'https://a.test/' },
  ...more,
})
const insert = (key: string) => ({ key, type: 'table_insert', with: { table: 't', values: { a: 1 } } })
const loop = (key: string, items: unknown, body: unknown[], more: object = {}) => ({
  key,
  type: 'loop_data',
  with: { items, ...more },
  do: body,
})

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
    const run = started([http('a', { retry: { attempts: 3, firstSeconds: 2 } }), value('b', "{{$action['a'].status}}")])
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
    expect(run.records.filter(({ status }) => status === 'succeeded').length).toBeLessThanOrEqual(RUN_LIMITS.steps + 1)
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
  const respond = (key: string, more: object = {}) => ({ key, type: 'respond', with: { body: { ok: true }, ...more } })

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
