import { describe, expect, it } from '@jest/globals'
import { createRecord } from '../../../processors/record/index.ts'
import type { AnalyticsClient } from '../../../src/analytics/client.ts'
import { createSystemClock } from '../../../src/clock.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { auditAttempts } from '../../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec } from '../../../topics/audit-changes.ts'
import { auditEmits } from '../../../topics/audit-emits.ts'
import { change } from '../../analytics/audit-rows.ts'
import { countRows } from '../../analytics/database.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'
import { emit, emitAndDeliver, SHARD } from './driver.ts'
import { handClock } from './hand-clock.ts'
import {
  analytics,
  begin,
  bounds,
  inserted,
  isSettled,
  link,
  logs,
  pacing,
  settled,
  tokens,
  usage,
} from './running-record.ts'

describe('record', () => {
  it('writes verdicts, completions, attempts and changes into their tables', async () => {
    emitAndDeliver(logs, 1)
    logs.append(auditChanges.name, auditChangesCodec.encode({ changes: [change(1), change(2)] }))
    await begin()
    await Promise.all([settled(auditEmits.name, 1), settled(auditAttempts.name, 1), settled(auditChanges.name, 1)])

    for (const table of ['emits', 'payloads', 'completions', 'attempts'])
      expect(await countRows(analytics, table)).toBe(1)
    expect(await countRows(analytics, 'changes')).toBe(2)
    expect(await usage()).toEqual({ emits: 1, webhook_attempts: 1, deliveries_succeeded: 1 })
  })

  it('after a crash between insert and position sends exactly the same block again, whatever has arrived since', async () => {
    emitAndDeliver(logs, 1)
    emitAndDeliver(logs, 2)
    link.state = 'deaf'
    const firstInsert = inserted()
    const first = await begin()
    const token = await firstInsert
    first.crash()

    link.state = 'open'
    link.onInserted = each => tokens.push(each)
    emitAndDeliver(logs, 3)
    await begin()
    await Promise.all([settled(auditEmits.name, 3), settled(auditAttempts.name, 3)])

    expect(tokens[0]).toBe(token)
    for (const table of ['emits', 'payloads', 'completions', 'attempts'])
      expect(await countRows(analytics, table)).toBe(3)
    expect(await usage()).toEqual({ emits: 3, webhook_attempts: 3, deliveries_succeeded: 3 })
  })

  it.each([true, false])(
    'sends nothing before the transaction with its offsets has committed, nor without its lease: held %s',
    async isHeld => {
      const sent: string[] = []
      const insert: AnalyticsClient['insert'] = (block, signal) => {
        sent.push(block.token)
        return analytics.insert(block, signal)
      }
      const written: OutRecord[] = []
      const task = createRecord({ analytics: { insert }, clock: createSystemClock(), bounds, pacing }).open({
        role: 'record',
        shard: SHARD,
        write: records => void written.push(...records),
        assign: () => undefined,
        unassign: () => undefined,
        position: () => undefined,
        pause: () => undefined,
        resume: () => undefined,
        isHeld: () => isHeld,
        uncommittedForMs: () => 0,
        ...NO_PAUSES,
        fail: () => undefined,
      })
      task.seal()
      emit(logs, 1)
      task.receive(logs.read(auditEmits.name, 0), 1, false)
      task.committed?.()
      expect([written.length, sent.length]).toEqual([1, 0])

      task.seal()
      task.committed?.()
      expect(sent.length).toBe(isHeld ? 1 : 0)
      task.close()
    },
  )

  it('after a crash before the insert loses nothing', async () => {
    emit(logs, 1, 2)
    link.state = 'cut'
    const first = await begin()
    await logs.until(() => logs.state(auditEmits.name)?.through === 2)
    first.crash()

    link.state = 'open'
    emit(logs, 3)
    await begin()
    await settled(auditEmits.name, 3)

    expect(tokens[0]).toMatch(/^audit\.emits\/3\/0-2\//)
    expect(await countRows(analytics, 'emits')).toBe(3)
  })

  it('repeats a block that has more records than one transaction hands on', async () => {
    emit(logs, 1, 20)
    link.state = 'cut'
    const first = await begin()
    await logs.until(() => logs.state(auditEmits.name)?.through === 38)
    first.crash()

    link.state = 'open'
    emit(logs, 21, 5)
    await begin({}, 3)
    await settled(auditEmits.name, 25)

    expect(tokens[0]).toMatch(/^audit\.emits\/3\/0-38\//)
    expect(await countRows(analytics, 'emits')).toBe(25)
  })

  it('sends an insert whose answer is lost until it is answered, and it counts once', async () => {
    emitAndDeliver(logs, 1)
    let answersToLose = 6
    link.state = 'deaf'
    link.onInserted = () => {
      answersToLose -= 1
      if (answersToLose === 0) link.state = 'open'
    }
    await begin()
    await Promise.all([settled(auditEmits.name, 1), settled(auditAttempts.name, 1)])

    expect(answersToLose).toBeLessThanOrEqual(0)
    expect(await countRows(analytics, 'emits')).toBe(1)
    expect(await usage()).toEqual({ emits: 1, webhook_attempts: 1, deliveries_succeeded: 1 })
  })

  it('while ClickHouse is away holds a bounded number of bytes, and catches up in blocks when it is back', async () => {
    link.state = 'cut'
    let refused = 0
    const refusedOften = new Promise<void>(resolve => {
      link.onRefused = () => {
        refused += 1
        if (refused === 5) resolve()
      }
    })
    emit(logs, 1)
    const life = await begin({ bounds: { blockRowsMax: 50, blockBytesMax: 20_000, bufferBytesMax: 20_000 } }, 10)
    await refusedOften
    emit(logs, 2, 499)
    life.feed()
    await logs.until(() => true)
    link.state = 'open'
    link.onRefused = () => undefined
    await settled(auditEmits.name, 500)

    expect(await countRows(analytics, 'emits')).toBe(500)
    expect(await usage()).toEqual({ emits: 500 })
    expect(new Set(tokens).size).toBeLessThan(200)
  })

  it('stops reading a partition that is ahead of ClickHouse by its bound, and goes on afterwards', async () => {
    link.state = 'cut'
    const refusedOnce = new Promise<void>(resolve => (link.onRefused = resolve))
    emit(logs, 1)
    const life = await begin({ bounds: { blockRowsMax: 1_000, blockBytesMax: 10_000, bufferBytesMax: 10_000 } })
    await refusedOnce
    emit(logs, 2, 100)
    life.feed()
    await nextTurn()
    expect([...life.paused]).toEqual([auditEmits.name])

    link.state = 'open'
    await settled(auditEmits.name, 101)
    expect(life.paused.size).toBe(0)
  })

  it('sends a single record at once, the next ones together after a pause, and a full block without one', async () => {
    const clock = handClock()
    const life = await begin({
      clock,
      pacing: { busyFactor: 0, loadFactor: 0, shortestMs: 200, longestMs: 200 },
      bounds: { ...bounds, blockBytesMax: 20_000 },
    })
    emit(logs, 1)
    life.feed()
    await inserted()
    await clock.timerSet()
    emit(logs, 2)
    emit(logs, 3)
    life.feed()
    await nextTurn()
    expect(logs.state(auditEmits.name)).toMatchObject({ from: 0, through: 0 })

    clock.advance(200)
    await logs.until(() => logs.state(auditEmits.name)?.from === 1)
    expect(logs.state(auditEmits.name)).toMatchObject({ from: 1, through: 4 })

    await clock.timerSet()
    emit(logs, 4, 97)
    life.feed()
    await logs.until(() => (logs.state(auditEmits.name)?.through ?? 0) > 4)
  })

  it('gathers the longer the more rows come, so that inserts grow and not their number', async () => {
    const clock = handClock()
    const life = await begin({ clock, pacing: { busyFactor: 0, loadFactor: 100, shortestMs: 200, longestMs: 5_000 } })
    emit(logs, 1)
    life.feed()
    await inserted()
    await clock.timerSet()
    emit(logs, 2, 2)
    life.feed()
    await nextTurn()
    clock.advance(200)
    await logs.until(() => logs.state(auditEmits.name)?.through === 4)
    // Four rows in 200 ms, an emit has two: 20 a second.
    await clock.timerSet()
    emit(logs, 4)
    life.feed()
    await nextTurn()
    clock.advance(1_999)
    await nextTurn()
    expect(logs.state(auditEmits.name)).toMatchObject({ from: 1, through: 4 })
    clock.advance(1)
    await logs.until(() => logs.state(auditEmits.name)?.through === 6)
  })

  it('when drained lets the insert under way end and leaves the position behind it', async () => {
    emit(logs, 1, 3)
    const life = await begin({ pacing: { busyFactor: 0, loadFactor: 0, shortestMs: 60_000, longestMs: 60_000 } })
    await inserted()
    await life.drain()

    expect(isSettled(auditEmits.name, 3)).toBe(true)
  })

  it('gives the shard up over unreadable bytes rather than skipping them', async () => {
    logs.append(auditEmits.name, Buffer.from([255, 255, 255]))
    const life = await begin()
    await nextTurn()

    expect(life.failure).toBeInstanceOf(Error)
    expect(logs.state(auditEmits.name)).toBeUndefined()
  })
})

/** Enough turns of the event loop for all work that waits only for a turn. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>(resolve => setImmediate(resolve))
}
