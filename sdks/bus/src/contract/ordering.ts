/** What waits for what. */
import assert from 'node:assert/strict'
import { gate, type Stage, started } from './stage.ts'

export const ordering: Record<string, (stage: Stage) => Promise<void>> = {
  async 'events of one subject are handled one after the other, in the order of publishing'(stage) {
    const log: string[] = []
    const handler = stage.watch([], async marker => {
      log.push(`${marker} begins`)
      // The later ones are quicker.
      for (let turns = 6 - Number(marker); turns > 0; turns--) await new Promise(setImmediate)
      log.push(`${marker} ends`)
      stage.notify()
    })
    const markers = ['1', '2', '3', '4', '5']
    await Promise.all(markers.map(marker => stage.publish(marker)))
    await stage.sees(handler, ...markers)
    await stage.until('all handlers ended', () => log.length === 10)
    assert.deepEqual(
      log,
      markers.flatMap(marker => [`${marker} begins`, `${marker} ends`]),
    )
  },

  async 'a subject that waits holds up no other subject, and no other subscription'(stage) {
    const leaving = gate()
    const slow = stage.watch([], (_, __, { subject }) => (subject === 'slow' ? leaving.opened : undefined))
    const beside = stage.watch()
    const published = started(
      stage.publish('waits', { subject: 'slow' }),
      stage.publish('behind it', { subject: 'slow' }),
      stage.publish('goes on', { subject: 'quick' }),
    )
    await stage.sees(slow, 'waits', 'goes on')
    await stage.sees(beside, 'waits', 'behind it', 'goes on')
    assert.ok(!slow.seen.includes('behind it'))
    leaving.open()
    await published()
    await stage.sees(slow, 'behind it')
  },

  async 'a handler may publish, and wait for it'(stage) {
    const handler = stage.watch([], async marker => {
      if (marker === 'first') await stage.publish('second')
    })
    await stage.publish('first')
    await stage.sees(handler, 'first', 'second')
    assert.deepEqual(handler.seen, ['first', 'second'])
  },
}
