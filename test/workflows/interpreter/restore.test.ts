import { describe, expect, it } from '@jest/globals'
import { parseJson } from '../../../src/json/json.ts'
import { advance, continueRun } from '../../../src/workflows/interpreter/advance.ts'
import type { Input } from '../../../src/workflows/interpreter/run.ts'
import { restoreRun, snapshotOf } from '../../../src/workflows/interpreter/snapshot.ts'
import { START_MS, type Started, started } from './started.ts'

const get = (key: string) => ({ key, type: 'table_get', with: { table: 't' } })
const http = (key: string, body: unknown) => ({ key, type: 'http_request', with: { url: 'https://a.test/', body } })
const emit = (key: string) => ({ key, type: 'create_event', with: { event: 'e' } })

const partsOf = ({ run: { program, start, secret } }: Started) => ({ program, start, secret })
const restored = (run: Started, inputs: readonly Input[] = [], effects = run.run.state.effects) =>
  restoreRun(partsOf(run), { snapshot: snapshotOf(run.run), inputs, effects, records: run.run.state.records })
const DAY_MS = 86_400_000

describe('a restored run', () => {
  it('keeps the digits of numbers, and its place in loops', () => {
    const text = '{"n":12345678901234567890,"f":0.1000000000000000055511151231257827}'
    const exact = parseJson(Buffer.from(text), { depthMax: 5, duplicateKeys: 'refuse', exactNumbers: 'all' })
    const loop = {
      key: 'l',
      type: 'loop_data',
      with: { items: [1, 2, 3], concurrency: 2 },
      do: [get('a'), http('b', "{{$action['a']}}")],
    }
    const run = started([loop])
    run.answer('l[1]/a', exact.ok ? exact.exact : null)
    const { run: again } = restored(run)
    expect(snapshotOf(again)).toBe(snapshotOf(run.run))
    const resumed = advance(again, { kind: 'resume', nowMs: START_MS })
    expect(resumed.effects.map(effect => `${effect.kind} ${effect.path}`).sort()).toEqual([
      'perform l[0]/a',
      'perform l[1]/b',
    ])
    const sent = resumed.effects.find(({ path }) => path === 'l[1]/b') as { with?: { body?: unknown } }
    expect(JSON.stringify(sent.with!.body)).toBe(text)
  })

  it('asks again for what is not in the log, as a repetition with its whole time, and waits for what is', () => {
    const loop = { key: 'l', type: 'loop_data', with: { items: [1, 2], concurrency: 2 }, do: [emit('e'), http('h', 1)] }
    const run = started([loop])
    run.answer('l[0]/e', {})
    const { run: again, effects } = restored(run)
    expect(effects).toEqual([])
    const resumed = advance(again, { kind: 'resume', nowMs: START_MS + DAY_MS })
    expect(resumed.effects).toMatchObject([
      { path: 'l[0]/h', attempt: 1, isRepeated: true, deadlineMs: START_MS + DAY_MS + 30_000 },
    ])
    // The verdict has no deadline any more; the request has.
    expect(
      [...again.pending].map(([path, { step }]) => [path, step?.kind === 'asked' && step.dueAtMs === null]),
    ).toEqual([
      ['l[0]/h', false],
      ['l[1]/e', true],
    ])
  })

  it('has the time left that the run has, which may have taken an answer in the middle of a walk', () => {
    const wait = { key: 'wait', type: 'delay', with: { seconds: 10 } }
    const loop = { key: 'l', type: 'loop_data', with: { items: [1, 2], concurrency: 2 }, do: [http('h', 1), wait] }
    const run = started([{ ...wait, key: 'first' }, loop])
    const before = snapshotOf(run.run)
    const inputs: Input[] = [
      { kind: 'wake', nowMs: START_MS + 10_000 },
      { kind: 'answer', path: 'l[0]/h', attempt: 1, nowMs: START_MS + 11_000, output: {} },
    ]
    let asked: string[] = []
    let advanced = advance(run.run, inputs[0]!, 1)
    while (!asked.includes('l[0]/h')) {
      asked = [...asked, ...advanced.effects.map(({ path }) => path)]
      if (!asked.includes('l[0]/h')) advanced = continueRun(run.run, 1)
    }
    expect(advanced.hasYielded).toBe(true)
    advanced = advance(run.run, inputs[1]!)
    while (advanced.hasYielded) advanced = continueRun(run.run)
    const { run: again } = restoreRun(partsOf(run), { snapshot: before, inputs, effects: 0, records: 0 })
    expect(snapshotOf(again)).toBe(snapshotOf(run.run))
  })

  it('writes transactional effects that had not committed, and the records that had not', () => {
    const run = started([{ key: 'v', type: 'set_variable', with: { value: 1 } }, emit('e')])
    const start: Input = { kind: 'start', nowMs: START_MS }
    const nothing = restoreRun(partsOf(run), { snapshot: null, inputs: [start], effects: 0, records: 0 })
    expect(nothing.effects).toMatchObject([{ path: 'e', number: 1 }])
    expect(nothing.records).toMatchObject([{ path: 'v', number: 1 }])
    const all = restoreRun(partsOf(run), { snapshot: null, inputs: [start], effects: 1, records: 1 })
    expect([all.effects, all.records]).toEqual([[], []])
    expect(snapshotOf(all.run)).toBe(snapshotOf(run.run))
  })

  it('wakes from a delay as soon as it is due', () => {
    const run = started([{ key: 'd', type: 'delay', with: { seconds: 60 } }, get('a')])
    const { run: again } = restored(run)
    expect(advance(again, { kind: 'resume', nowMs: START_MS + DAY_MS }).wakeAtMs).toBe(START_MS + 60_000)
    expect(advance(again, { kind: 'wake', nowMs: START_MS + DAY_MS }).effects).toMatchObject([{ path: 'a' }])
  })

  it('takes no snapshot in the middle of a walk, and no input twice', () => {
    const run = started([get('a')])
    const steps = {
      key: 'l',
      type: 'loop_data',
      with: { items: [1, 2, 3] },
      do: [{ key: 'x', type: 'transform', with: { template: 1 } }],
    }
    const walking = started([get('a'), steps])
    advance(walking.run, { kind: 'answer', path: 'a', attempt: 1, nowMs: START_MS, output: {} }, 2)
    expect(() => snapshotOf(walking.run)).toThrow('in a walk')
    run.answer('a', {})
    expect(run.answer('a', { other: true }).accepted).toEqual([])
    expect(run.give({ kind: 'start', nowMs: START_MS }).accepted).toEqual([])
  })
})
