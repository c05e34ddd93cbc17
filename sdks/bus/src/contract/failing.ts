/** What follows from a handler that fails, and from what cannot be published. */
import assert from 'node:assert/strict'
import type { Handler } from '../bus.ts'
import { newEvent } from '../event.ts'
import type { Stage } from './stage.ts'

const RETRIES_MS = [100, 1_000, 10_000]

type Cases = Record<string, (stage: Stage) => Promise<void>>

export const failing: Cases = {
  async 'a handler that fails stops no other one, whether it throws, rejects, or throws what is no error'(stage) {
    stage.bus.subscribe(() => {
      throw new Error('thrown')
    })
    stage.bus.subscribe(() => Promise.reject(new Error('rejected')))
    stage.bus.subscribe(() => {
      throw 'a text'
    })
    const last = stage.watch()
    for (const marker of ['first', 'second']) await stage.publish(marker).catch(() => undefined)
    await stage.sees(last, 'first', 'second')
    assert.deepEqual(last.seen, ['first', 'second'])
  },

  async 'an event that not every bus could carry is refused with the place'(stage) {
    const all = stage.watch()
    const good = { ...stage.event('good') }
    const circular: Record<string, unknown> = {}
    circular.self = circular
    const wrong: Array<[object, RegExp]> = [
      [{ ...good, type: '' }, /^\/type /],
      [{ ...good, type: undefined }, /^\/type /],
      [{ ...good, id: 7 }, /^\/id /],
      [{ ...good, time: 'yesterday' }, /^\/time /],
      [{ ...good, subject: '' }, /^\/subject /],
      [{ ...good, subject: 'half \ud800' }, /^\/subject /],
      [{ ...good, payload: { list: [1, Number.NaN] } }, /^\/payload\/list\/1 /],
      [{ ...good, payload: { 'a/b~': 10n } }, /^\/payload\/a~1b~0 /],
      [{ ...good, payload: { map: new Map() } }, /^\/payload\/map /],
      [{ ...good, payload: circular }, /^\/payload\/self/],
    ]
    for (const [event, message] of wrong) {
      const refused = stage.bus.publish(event as never)
      await assert.rejects(refused, (error: Error & { code?: string }) => {
        assert.equal(error.code, 'event_invalid')
        assert.match(error.message, message)
        return true
      })
    }
    await stage.publish('good')
    await stage.sees(all, 'good')
    assert.deepEqual(all.seen, ['good'])
    assert.throws(() => newEvent(''), { code: 'event_invalid' })
  },

  async 'a subscription that could match nothing is refused'(stage) {
    const subscribe = (handler: unknown, ...types: unknown[]) =>
      stage.bus.subscribe(handler as Handler, ...(types as string[]))
    for (const types of [[''], ['order.*'], ['*'], [7]])
      assert.throws(() => subscribe(() => undefined, ...types), { code: 'subscription_invalid' })
    assert.throws(() => subscribe('no function'), { code: 'subscription_invalid' })
  },
}

export const failingForPublisher: Cases = {
  async 'publish rejects with every failure, once all handlers have run'(stage) {
    const ran: string[] = []
    stage.bus.subscribe(() => Promise.reject(new Error('first')))
    stage.bus.subscribe(async () => {
      await new Promise(setImmediate)
      ran.push('good')
    })
    stage.bus.subscribe(() => {
      throw new Error('third')
    })
    const error = await stage.publish('failing').then(
      () => assert.fail('it resolved'),
      (thrown: AggregateError & { code?: string }) => thrown,
    )
    assert.equal(error.code, 'handlers_failed')
    assert.deepEqual(
      error.errors.map(({ message }: Error) => message),
      ['first', 'third'],
    )
    assert.deepEqual(ran, ['good'])
    assert.deepEqual(stage.deadLetters, [])
  },

  async 'failures of an event that a handler published are dead letters'(stage) {
    const handler = stage.watch([], async marker => {
      if (marker === 'second') throw new Error('nobody waits for this')
      await stage.publish('second')
    })
    await stage.publish('first')
    await stage.sees(handler, 'second')
    await stage.until('a dead letter', () => stage.deadLetters.length > 0)
    assert.deepEqual(stage.deadLetters, [{ marker: 'second', message: 'nobody waits for this' }])
  },
}

/** Each pause before a handler is called again, as it comes; no other one is waited for meanwhile. */
async function passRetries(stage: Stage, delaysMs: readonly number[]): Promise<void> {
  for (const delayMs of delaysMs) {
    await stage.clock.untilHeld(delayMs)
    assert.deepEqual(stage.clock.held(), [delayMs])
    stage.clock.fire(delayMs)
  }
}

export const failingToDeadLetter: Cases = {
  async 'a handler that fails is called again after 100 ms, 1 s and 10 s, then there is a dead letter'(stage) {
    stage.clock.hold(...RETRIES_MS)
    const attempts: number[] = []
    const handler = stage.watch([], (marker, { attempt }) => {
      if (marker !== 'failing') return
      attempts.push(attempt)
      throw new Error(`attempt ${attempt}`)
    })
    for (const marker of ['failing', 'behind it']) await stage.publish(marker)
    await passRetries(stage, RETRIES_MS)
    await stage.sees(handler, 'behind it')
    assert.deepEqual(attempts, [1, 2, 3, 4])
    assert.deepEqual(stage.deadLetters, [{ marker: 'failing', message: 'attempt 4' }])
  },

  async 'a handler that succeeds in the end leaves no dead letter, and keeps its place in the subject'(stage) {
    stage.clock.hold(...RETRIES_MS)
    const handler = stage.watch([], (marker, { attempt }) => {
      if (marker === 'twice' && attempt < 3) throw new Error('not yet')
    })
    const beside = stage.watch()
    for (const marker of ['twice', 'behind it']) await stage.publish(marker)
    await passRetries(stage, RETRIES_MS.slice(0, 2))
    await stage.sees(handler, 'behind it')
    await stage.sees(beside, 'behind it')
    assert.deepEqual(handler.seen, ['twice', 'twice', 'twice', 'behind it'])
    assert.deepEqual(beside.seen, ['twice', 'behind it'])
    assert.deepEqual(stage.deadLetters, [])
  },

  async 'an end between two attempts makes the event a dead letter at once'(stage) {
    stage.clock.hold(...RETRIES_MS)
    const handler = stage.watch([], () => {
      throw new Error('failing')
    })
    await stage.publish('failing')
    await stage.clock.untilHeld(RETRIES_MS[0]!)
    handler.unsubscribe()
    await stage.until('a dead letter', () => stage.deadLetters.length > 0)
    assert.deepEqual(stage.deadLetters, [{ marker: 'failing', message: 'failing' }])
  },
}
