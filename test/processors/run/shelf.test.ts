/** Runs that wait are kept as bytes, and nothing of them can tell. */
import { expect, it } from '@jest/globals'
import { type Lane, LiveRun } from '../../../processors/run/live-run.ts'
import { createShelf } from '../../../processors/run/runs/shelf.ts'
import type { LookedRun } from '../../../src/run-calls/looked.ts'
import { advance } from '../../../src/workflows/interpreter/advance.ts'
import { compileProgram } from '../../../src/workflows/interpreter/program.ts'
import type { RunStart } from '../../../src/workflows/interpreter/run.ts'
import { createRun, snapshotOf } from '../../../src/workflows/interpreter/snapshot.ts'
import type { Definition } from '../../../src/workflows/language/definition.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { createMemoryRun } from './memory-run.ts'

const IDLE_MS = 2_000
const delay = (seconds: number) => ({ key: 'wait', type: 'delay', with: { seconds } })
const kept = { key: 'kept', type: 'set_variable', with: { value: '{{$param.exact}}' } }
const shown = { key: 'shown', type: 'transform', with: { template: { n: '{{$param.n}}', kept: "{{$var['kept']}}" } } }

const LANE: Lane = { key: 'wf_1', organizationId: 'org_a', limit: 1, releases: true, priority: 0 }

/** A run that has begun and waits in a delay, with everything of it committed. */
function waiting() {
  const clock = createManualClock()
  const startOf = (given: RunFacts): RunStart => ({
    ...{ id: given.runId, workflowId: given.workflowId, mode: 'live', startedAtMs: given.begunAtMs, variables: {} },
    ...{ scopes: JSON.parse(given.scopes), strict: false, timeoutMs: 300_000 },
  })
  const facts = {
    ...{ runId: 'run_1', organizationId: 'org_a', environment: 'live', workflowId: 'wf_1', version: 1, mode: 'live' },
    ...{ triggerKind: 'event', eventId: null, canonicalName: null, tickMs: null, retryOf: null, parentRunId: null },
    ...{ parentPath: null, parentAttempt: 0, nesting: 0, startedAtMs: 0, begunAtMs: 0, depth: 0, rootEventId: null },
    ...{ correlationId: null, traceparent: null, path: [], scopes: '{"$param":{"n":7}}', variables: '{}' },
    ...{ answerTo: null, options: null, replayId: null, callKey: null },
  } as RunFacts
  const definition = { language: 1, actions: [delay(60), shown], onError: [] } as unknown as Definition
  const start = { ...startOf(facts), strict: true, timeoutMs: 5_000 }
  const run = createRun({ program: compileProgram(definition), start, secret: () => undefined })
  advance(run, { kind: 'start', nowMs: 0 })
  const live = new LiveRun(facts, run, LANE, new Set(), [])
  live.slot = 'free'
  live.journal = { isWritten: true, snapshot: snapshotOf(run), inputs: [], sealed: 1, committed: 1 }
  return { live, clock, shelf: createShelf({ clock, startOf }) }
}

it('a run that was idle is on the shelf, and comes back as it was', () => {
  const { live, clock, shelf } = waiting()
  const before = snapshotOf(live.run)
  shelf.idle(live)
  clock.advance(IDLE_MS - 1)
  expect(live.present).toBeDefined()
  clock.advance(1)
  expect([live.present, live.journal.snapshot]).toEqual([undefined, null])
  expect(live.brief).toMatchObject({ runId: 'run_1', organizationId: 'org_a', environment: 'live' })
  expect(snapshotOf(live.run)).toBe(before)
  expect(live.journal.snapshot).toBe(before)
  // Settings of its workflow are those at its beginning: it is strict, and a variable is not there.
  expect([live.run.start.strict, live.run.start.timeoutMs]).toEqual([true, 5_000])
  const { ended } = advance(live.run, { kind: 'wake', nowMs: 60_000 })
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'template_missing' } })
})

it('one that was looked at goes back there', () => {
  const { live, clock, shelf } = waiting()
  shelf.idle(live)
  clock.advance(IDLE_MS)
  expect(live.facts.scopes).toBe('{"$param":{"n":7}}')
  expect(live.present).toBeDefined()
  clock.advance(IDLE_MS + 500)
  expect(live.present).toBeUndefined()
})

it('one that goes on all the time delays no other', () => {
  const { live, clock, shelf } = waiting()
  const busy = waiting().live
  shelf.idle(busy)
  shelf.idle(live)
  for (let passed = 0; passed < IDLE_MS + 1_000; passed += 500) {
    clock.advance(500)
    shelf.idle(busy)
  }
  expect([busy.present === undefined, live.present === undefined]).toEqual([false, true])
})

it.each<[string, (live: LiveRun) => void]>([
  ['has not committed', live => void Object.assign(live.journal, { committed: 0 })],
  ['walks', live => void Object.assign(live, { isWalking: true })],
  ['has a request under way', live => void live.underWay.set('a', new AbortController())],
  ['has an input to take', live => void live.mailbox.push({ kind: 'wake', nowMs: 1 })],
  ['has ended', live => void Object.assign(live, { hasEnded: true })],
])('one that %s stays', (_what, change) => {
  const { live, clock, shelf } = waiting()
  change(live)
  shelf.idle(live)
  clock.advance(IDLE_MS)
  expect(live.present).toBeDefined()
})

it('parked runs go on from there, with every digit of their numbers', async () => {
  const memory = createMemoryRun()
  const workflow = memory.deploy({ actions: [kept, delay(60), shown] })
  const scopes = '{"$param":{"n":1,"exact":12345678901234567890.10}}'
  memory.command({ runId: 'run_1', workflowId: workflow.id, scopes })
  await memory.settle()
  memory.clock.advance(IDLE_MS)
  await memory.settle()
  memory.clock.advance(60_000)
  await memory.settle()
  expect(memory.ended()).toMatchObject([
    { status: 'succeeded', scopes, output: '{"value":{"kept":12345678901234567890.10,"n":1}}' },
  ])
})

it('queued runs begin from there in their order, and are listed, cancelled and restored', async () => {
  const memory = createMemoryRun()
  const workflow = memory.deploy(
    { actions: [delay(10), shown] },
    { concurrency: { limit: 1, key: null, overflow: 'queue', whileWaiting: 'hold' } },
  )
  for (const n of [1, 2, 3, 4])
    memory.command({ runId: `run_${n}`, workflowId: workflow.id, scopes: `{"$param":{"n":${n}}}` })
  await memory.settle()
  memory.clock.advance(IDLE_MS)
  memory.command({ kind: 'cancel', runId: 'run_2', answerTo: null })
  const answerTo = { process: 'api_1', correlation: 1, wants: 'look' as const, deadlineMs: 4_000_000_000_000 }
  const options = JSON.stringify({ runId: 'run_3' })
  memory.command({ kind: 'cancel', ask: 'look', runId: '', answerTo, options })
  await memory.settle()
  const looked = memory.answers('api_1').at(-1)?.value as LookedRun
  expect(looked.run).toMatchObject({ runId: 'run_3', status: 'queued', scopes: '{"$param":{"n":3}}' })
  memory.crash()
  await memory.settle()
  memory.clock.advance(IDLE_MS)
  for (let turn = 0; turn < 4; turn++) {
    memory.clock.advance(10_000)
    await memory.settle()
  }
  expect(memory.ended().map(({ runId, status, output }) => [runId, status, output])).toEqual([
    ['run_2', 'cancelled', null],
    ['run_1', 'succeeded', '{"value":{"kept":null,"n":1}}'],
    ['run_3', 'succeeded', '{"value":{"kept":null,"n":3}}'],
    ['run_4', 'succeeded', '{"value":{"kept":null,"n":4}}'],
  ])
  expect(memory.failures).toEqual([])
})
