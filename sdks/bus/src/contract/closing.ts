/** The end of a bus, and what it remembers until then. */
import assert from 'node:assert/strict'
import { gate, type Stage, started } from './stage.ts'

const CLOSE_MS = 10_000

type Cases = Record<string, (stage: Stage) => Promise<void>>

export const closing: Cases = {
  async 'a closed bus takes neither events nor subscriptions, and may be closed again'(stage) {
    const all = stage.watch()
    await stage.publish('before')
    await stage.sees(all, 'before')
    await Promise.all([stage.bus.close(), stage.bus.close()])
    await stage.bus.close()
    await assert.rejects(stage.publish('after'), { code: 'bus_closed' })
    assert.throws(() => stage.bus.subscribe(() => undefined), { code: 'bus_closed' })
    all.unsubscribe()
    assert.deepEqual(all.seen, ['before'])
  },

  async 'close waits for the handler that is running'(stage) {
    const leaving = gate()
    const log: string[] = []
    const handler = stage.watch([], async () => {
      await leaving.opened
      log.push('handled')
    })
    const published = started(stage.publish('running'))
    await stage.sees(handler, 'running')
    const closed = started(stage.bus.close().then(() => log.push('closed')))
    await new Promise(setImmediate)
    leaving.open()
    await closed()
    await published()
    assert.deepEqual(log, ['handled', 'closed'])
  },

  async 'close waits 10 s for a handler that hangs, then aborts its signal'(stage) {
    stage.clock.hold(CLOSE_MS)
    let signal: AbortSignal | undefined
    const handler = stage.watch([], (_, delivery) => {
      signal = delivery.signal
      return new Promise(() => undefined)
    })
    const published = started(stage.publish('hanging'))
    await stage.sees(handler, 'hanging')
    // In memory it waits for the handler.
    if (stage.isDurable) await published()
    const closed = started(stage.bus.close())
    await stage.clock.untilHeld(CLOSE_MS)
    assert.equal(signal!.aborted, false)
    stage.clock.fire(CLOSE_MS)
    await closed()
    assert.equal(signal!.aborted, true)
  },

  async 'close may be called by a handler, which does not wait for itself'(stage) {
    const handler = stage.watch([], () => stage.bus.close())
    await stage.publish('closing')
    await stage.sees(handler, 'closing')
    await stage.bus.close()
    await assert.rejects(stage.publish('after'), { code: 'bus_closed' })
  },

  async 'recent has the newest events first, 50 unless another number is given, and of the given types'(stage) {
    const all = stage.watch()
    const markers = Array.from({ length: 60 }, (_, n) => `n ${n}`)
    for (const [n, marker] of markers.entries()) await stage.publish(marker, { type: n % 3 })
    await stage.sees(all, ...markers)
    const recent = (limit?: number, ...types: string[]) =>
      stage.bus.recent(limit, ...types).map(({ payload }) => (payload as { marker: string }).marker)
    const newestFirst = markers.toReversed()
    assert.deepEqual(recent(), newestFirst.slice(0, 50))
    assert.deepEqual(recent(3), newestFirst.slice(0, 3))
    assert.deepEqual(recent(2, stage.types[0]), ['n 57', 'n 54'])
    assert.deepEqual(recent(0), [])
    assert.deepEqual(recent(2, 'no.such.type'), [])
  },

  async 'recent has 1,000 events at most'(stage) {
    const all = stage.watch()
    const markers = Array.from({ length: 1_010 }, (_, n) => `n ${n}`)
    await Promise.all(markers.map((marker, n) => stage.publish(marker, { subject: `subject ${n % 50}` })))
    await stage.sees(all, ...markers)
    await stage.publish('the last one')
    await stage.sees(all, 'the last one')
    const recent = stage.bus.recent(5_000)
    assert.equal(recent.length, 1_000)
    assert.equal((recent[0]!.payload as { marker: string }).marker, 'the last one')
  },
}

export const closingDurably: Cases = {
  async 'what was not finished when the bus was closed comes again, and what was finished does not'(stage) {
    stage.clock.hold(CLOSE_MS)
    const first = stage.watch([], marker => (marker === 'hangs' ? new Promise(() => undefined) : undefined))
    for (const marker of ['done', 'hangs', 'behind it']) await stage.publish(marker)
    await stage.sees(first, 'done', 'hangs')
    const closed = started(stage.bus.close())
    await stage.clock.untilHeld(CLOSE_MS)
    stage.clock.fire(CLOSE_MS)
    await closed()
    stage.clock.hold()
    await stage.open()
    const second = stage.watch()
    await stage.publish('new')
    await stage.sees(second, 'new')
    assert.deepEqual(
      [first.seen, second.seen],
      [
        ['done', 'hangs'],
        ['hangs', 'behind it', 'new'],
      ],
    )
  },

  async 'events that were published while nobody read come when the reader is back'(stage) {
    const first = stage.watch()
    await stage.publish('before')
    await stage.sees(first, 'before')
    await stage.bus.close()
    await stage.open()
    await stage.publish('between')
    const second = stage.watch()
    await stage.publish('after')
    await stage.sees(second, 'after')
    assert.deepEqual(second.seen, ['between', 'after'])
  },
}
