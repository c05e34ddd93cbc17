/**
 * Any role can own targets of replays: it says how an event gets to one, and the ways do the rest. Here a second owner
 * with runs of workflows, beside one of queues, on a log in memory.
 */
import { describe, expect, it } from '@jest/globals'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import { eventHeaders } from '../../../src/events/log-record.ts'
import { createLogger } from '../../../src/logger.ts'
import { emitId, eventId } from '../../../src/model/ids.ts'
import { type Replay, type ReplayTarget, targetsOf } from '../../../src/model/replays.ts'
import type { OpenTarget, TargetOwner, TargetState } from '../../../src/replay/ways/owner.ts'
import { createReplayItems } from '../../../src/replay/ways/replay-items.ts'
import { createTargetRuns } from '../../../src/replay/ways/target-runs.ts'
import { auditReplaysCodec, type ReplayItemRow } from '../../../topics/audit-replays.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { events } from '../../../topics/events.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { createFakeLog } from '../../processors/deliver/fake-log.ts'

const organizationId = 'org_0000000000000000000000test'
const RECORDED_MS = Date.parse('2026-01-01T00:00:00.000Z')

function eventOf(sequence: number): EventFacts {
  const place = { timestampMs: RECORDED_MS, partition: 0, offset: sequence, organizationId } as const
  const at = { ...place, environment: 'live', kind: 'emits' } as const
  return {
    ...{
      eventId: eventId(at),
      emitId: emitId(at),
      organizationId,
      environment: 'live',
      sequence,
      type: 'orders.placed',
    },
    ...{ canonicalName: `TENANT_CUSTOM:${organizationId}:orders.placed@1.0.0`, kind: null, source: 'api' },
    ...{ subject: `s${sequence}`, actorId: 'key_1', timeMs: RECORDED_MS, recordedAtMs: RECORDED_MS },
    ...{ schemaVersion: '1.0.0', schemaHash: 'ab'.repeat(32), correlationId: null, causationId: null },
    ...{ traceparent: null, rootEventId: eventId(at), depth: 0, path: [], federation: null },
  }
}

/** A role with one shard that owns these kinds; `take` is where its events end up. */
function bench(kinds: TargetOwner['kinds']) {
  const clock = createManualClock()
  const view = createControlView({ clock })
  const log = createFakeLog(events.nameFor(organizationId, 'live'))
  log.grow()
  const taken: Array<[string, number]> = []
  const states = new Map<string, TargetState>()
  const stored = new Map<string, Buffer | null>()
  const rows: ReplayItemRow[] = []
  let applied = 0
  let left: Array<() => void> = []

  const apply = (kind: 'organization' | 'replay', id: string, record: object) =>
    view.apply({
      ...{ topic: 'control', partition: 0, offset: applied++, timestampMs: 0, headers: {} },
      key: Buffer.from(controlKey(kind, organizationId, id)),
      value: Buffer.from(JSON.stringify(record)),
    })
  const put = (replay: Replay) => apply('replay', replay.id, replay)
  apply('organization', organizationId, { id: organizationId, organizationId, status: 'active' })

  const open = (_replay: Replay, { kind, id }: Pick<ReplayTarget, 'kind' | 'id'>): OpenTarget => ({
    state: () => states.get(id) ?? 'active',
    isWaiting: () => false,
    inFlightMax: () => 4,
    selection: () => SELECTION,
    judge: async candidates => candidates,
    deliver(candidate, done) {
      taken.push([id, candidate.number])
      if (kind === 'workflow') {
        left.push(done)
        return undefined
      }
      done()
      return { outcome: 'delivered', reason: null }
    },
  })

  function start() {
    const items = createReplayItems()
    const runs = createTargetRuns({
      ...{ owner: { kinds, open }, clock, view, items, logger: createLogger('silent'), log: log.source },
      ...{ stateTopic: 'role.state', keyOf: (id: string) => `replay/${id}`, changed: () => undefined },
      listed: {
        open: async () => ({ read: async () => undefined, close: () => undefined, positions: () => new Map() }),
      },
      fail(error) {
        throw error
      },
      isOurs: () => true,
      pause: async () => undefined,
      async ended(replay, target, { state, reason }) {
        const now = view.find('replay', organizationId, replay.id)!
        const targets = targetsOf(now).map(each =>
          each.id === target.id ? { ...each, state, stateReason: reason } : each,
        )
        put({ ...now, targets, state: targets.some(each => each.state === 'running') ? now.state : 'completed' })
      },
    })
    for (const [key, value] of stored) if (value) runs.restore(key.slice('replay/'.length), value)
    runs.start()
    return runs
  }

  return {
    log,
    taken,
    states,
    rows,
    stored,
    start,
    /** All runs that are under way end. */
    finish() {
      const all = left
      left = []
      for (const each of all) each()
    },
    async settle(runs: ReturnType<typeof start>) {
      for (let rounds = 0; rounds < 30; rounds++) {
        await new Promise<void>(resolve => setImmediate(resolve))
        clock.advance(10)
      }
      for (const { topic, key, value } of runs.seal(0)) {
        if (topic === 'role.state') stored.set(key as string, value as Buffer | null)
        else rows.push(...auditReplaysCodec.decode(value as Buffer).items)
      }
    },
    replay(targets: Array<Pick<ReplayTarget, 'kind' | 'id'>>) {
      const at = new Date(RECORDED_MS).toISOString()
      put({
        ...{ id: 'rpl_1', organizationId, environment: 'live', revision: 1, createdAt: at, updatedAt: at, name: null },
        ...{ kind: 'replay', from: at, to: new Date(RECORDED_MS + 1).toISOString(), selectors: [], onlyFailed: false },
        ...{ ratePerSecond: 500, matchedMax: null, state: 'running', stateReason: null, requestedBy: 'key_1' },
        ...{ startedAt: at, endedAt: null, progress: null, targetKind: targets[0]!.kind },
        targets: targets.map(each => ({ ...each, state: 'running', stateReason: null, progress: null })),
      })
    },
    state: () => view.find('replay', organizationId, 'rpl_1')!,
    emit(count: number) {
      for (let n = 1; n <= count; n++) log.write(0, n, Object.fromEntries(eventHeaders(eventOf(n), [])))
    },
  }
}

const SELECTION = { selectors: ['orders.*'], conditions: null, ownEventsOnly: false, isFixed: false }

describe('an owner of another kind of target', () => {
  it('gets the events of its targets, and leaves those of other kinds to their owners', async () => {
    const workflows = bench(['workflow'])
    workflows.emit(10)
    workflows.replay([
      { kind: 'workflow', id: 'wf_1' },
      { kind: 'queue', id: 'que_1' },
    ])
    const runs = workflows.start()
    for (let rounds = 0; rounds < 6; rounds++) {
      await workflows.settle(runs)
      workflows.finish()
    }
    await workflows.settle(runs)
    expect(workflows.taken.map(([, number]) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(workflows.taken.every(([id]) => id === 'wf_1')).toBe(true)
    expect(workflows.state().targets!.map(({ id, state }) => [id, state])).toEqual([
      ['wf_1', 'completed'],
      ['que_1', 'running'],
    ])
    // A run has a history of its own.
    expect(workflows.rows).toEqual([])
    runs.close()
  })

  it('notes what it has handed over without a history of its own, and goes on from its stored place', async () => {
    const queues = bench(['queue'])
    queues.emit(20)
    queues.replay([{ kind: 'queue', id: 'que_1' }])
    let runs = queues.start()
    for (let rounds = 0; rounds < 3; rounds++) {
      await queues.settle(runs)
      runs.close()
      runs = queues.start()
    }
    for (let rounds = 0; rounds < 5; rounds++) await queues.settle(runs)
    expect(queues.state().state).toBe('completed')
    expect(queues.rows.map(({ sequence, outcome, targetKind }) => [sequence, outcome, targetKind])).toEqual(
      Array.from({ length: 20 }, (_, n) => [n + 1, 'delivered', 'queue']),
    )
    runs.close()
  })

  it('says when a target is switched off or deleted', async () => {
    const queues = bench(['queue'])
    queues.emit(3)
    queues.states.set('que_off', 'inactive')
    queues.states.set('que_gone', 'gone')
    queues.replay([
      { kind: 'queue', id: 'que_off' },
      { kind: 'queue', id: 'que_gone' },
    ])
    const runs = queues.start()
    await queues.settle(runs)
    await queues.settle(runs)
    expect(queues.rows.map(({ targetId, outcome, reason }) => [targetId, outcome, reason])).toEqual(
      Array.from({ length: 3 }, () => ['que_off', 'skipped', 'inactive']),
    )
    expect(queues.state().targets!.map(({ state, stateReason }) => [state, stateReason])).toEqual([
      ['completed', null],
      ['failed', 'target_deleted'],
    ])
    runs.close()
  })
})
