/** Who gets which event. */
import assert from 'node:assert/strict'
import { gate, type Stage, started, type Watching } from './stage.ts'

export const subscribing: Record<string, (stage: Stage) => Promise<void>> = {
  async 'a subscription without types gets every event'(stage) {
    const all = stage.watch()
    for (const type of [0, 1, 2]) await stage.publish(`of type ${type}`, { type })
    await stage.sees(all, 'of type 2')
    assert.deepEqual(all.seen, ['of type 0', 'of type 1', 'of type 2'])
  },

  async 'a subscription with types gets events of these types alone'(stage) {
    const [one, two] = [stage.watch([1]), stage.watch([0, 2])]
    const all = stage.watch()
    for (const type of [0, 1, 2]) await stage.publish(`of type ${type}`, { type })
    await stage.sees(all, 'of type 2')
    assert.deepEqual(one.seen, ['of type 1'])
    assert.deepEqual(two.seen, ['of type 0', 'of type 2'])
  },

  async 'an event arrives as it was published'(stage) {
    const all = stage.watch()
    const value = { text: 'ü€😀', list: [1, -2.5, null, true, { deep: [] }], ['__proto__']: 'a member' }
    const published = stage.event('as it is', { subject: 'order 7', value }).withCorrelation('c-1')
    await stage.bus.publish(published)
    await stage.bus.publish(stage.event('without a subject', { subject: null }))
    await stage.sees(all, 'as it is', 'without a subject')
    const [arrived] = all.events.filter(({ subject }) => subject === 'order 7')
    const { type, subject, correlationId, payload } = published
    assert.deepEqual(
      { ...arrived, id: '', time: '', tenantId: '', actorId: '' },
      { id: '', time: '', tenantId: '', actorId: '', type, subject, correlationId, payload },
    )
    assert.equal(Date.parse(arrived!.time), Date.parse(published.time))
    assert.ok(arrived!.id.length > 0)
    assert.equal(all.events.find(event => event !== arrived)?.subject, null)
  },

  async 'a handler cannot change what the next one gets'(stage) {
    const refused: unknown[] = []
    const attempt = (change: () => void) => {
      try {
        change()
      } catch (error) {
        refused.push(error)
      }
    }
    stage.watch([], (_, __, event) => {
      attempt(() => Object.assign(event, { type: 'another' }))
      attempt(() => Object.assign((event.payload as { value: object }).value, { changed: true }))
    })
    const next = stage.watch()
    await stage.publish('shared', { value: { changed: false } })
    await stage.sees(next, 'shared')
    assert.equal(refused.length, 2)
    assert.equal(next.events[0]!.type, stage.types[0])
    assert.deepEqual((next.events[0]!.payload as { value: object }).value, { changed: false })
  },

  async 'an ended subscription is the one that ended, whichever ended before, and may be ended again'(stage) {
    const watching = [stage.watch(), stage.watch(), stage.watch(), stage.watch()]
    const [first, second, third, last] = watching as [Watching, Watching, Watching, Watching]
    assert.equal(new Set(watching.map(({ subscription }) => subscription.id)).size, 4)
    first.unsubscribe()
    first.unsubscribe()
    second.unsubscribe()
    await stage.publish('for two')
    await stage.sees(last, 'for two')
    third.unsubscribe()
    first.unsubscribe()
    await stage.publish('for one')
    await stage.sees(last, 'for one')
    assert.deepEqual(
      watching.map(({ seen }) => seen),
      [[], [], ['for two'], ['for two', 'for one']],
    )
  },

  async 'after any sequence of beginnings and ends exactly the subscriptions that are left get an event'(stage) {
    const draw = createDraw(7)
    const expected = new Map<Watching, string[]>()
    const current: Watching[] = []
    const ended: Watching[] = []
    // Not among those that end, and the last one of each event: when it has seen one, all others have.
    let last = stage.watch()
    for (let step = 0; step < 40; step++) {
      const choice = draw(5)
      if (choice < 2 || current.length === 0) {
        const types = [0, 1, 2].filter(() => draw(2) === 0)
        const begun = stage.watch(types)
        expected.set(begun, [])
        current.push(begun)
        last.unsubscribe()
        last = stage.watch()
        Object.assign(begun, { types })
      } else if (choice < 4) {
        const [gone] = current.splice(draw(current.length), 1)
        gone!.unsubscribe()
        ended.push(gone!)
        ended[draw(ended.length)]!.unsubscribe()
      }
      const type = draw(3)
      const marker = `step ${step}`
      for (const each of current) {
        const { types } = each as Watching & { types: number[] }
        if (types.length === 0 || types.includes(type)) expected.get(each)!.push(marker)
      }
      await stage.publish(marker, { type })
      await stage.sees(last, marker)
    }
    for (const [watching, markers] of expected) assert.deepEqual(watching.seen, markers)
  },

  async 'an end during an event holds for handlers that were not called yet'(stage) {
    const first = stage.watch([], () => second.unsubscribe())
    const second = stage.watch()
    const last = stage.watch()
    await stage.publish('running')
    await stage.sees(last, 'running')
    assert.deepEqual([first.seen, second.seen], [['running'], []])
  },

  async 'events that wait behind a running handler do not come after the end'(stage) {
    const leaving = gate()
    const slow = stage.watch([], () => leaving.opened)
    const beside = stage.watch()
    const published = started(stage.publish('running'), stage.publish('behind it'))
    await stage.sees(slow, 'running')
    await stage.sees(beside, 'behind it')
    slow.unsubscribe()
    leaving.open()
    await published()
    await stage.publish('after it')
    await stage.sees(beside, 'after it')
    assert.deepEqual(slow.seen, ['running'])
  },

  async 'a subscription that a handler makes begins with the next event'(stage) {
    const made: Watching[] = []
    const maker = stage.watch([], () => {
      if (made.length === 0) made.push(stage.watch())
    })
    await stage.publish('first')
    await stage.sees(maker, 'first')
    await stage.publish('second')
    await stage.sees(made[0]!, 'second')
    assert.deepEqual(made[0]!.seen, ['second'])
  },
}

/** A fixed sequence of numbers below a bound (xorshift). */
function createDraw(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
