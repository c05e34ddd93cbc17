/**
 * Two platforms of all roles on three brokers. Whatever a broker does, nothing is lost, doubled or counted twice, and a fault stays with
 * the partitions that it concerns. Order and counts are asserted, not seconds. More faults: platform.long.test.ts.
 */
import { expect, it } from '@jest/globals'
import { events } from '../../topics/events.ts'
import { startEmitting, startProducing } from './emitting.ts'
import { cluster, org, pair, verified } from './two-platforms.ts'
import { until } from './until.ts'

it('loses, doubles and miscounts nothing while leaders move and a broker and a platform are killed', async () => {
  const organizations = [0, 1].map(org)
  const emitting = startEmitting({ bases: pair.bases, organizations, ratePerS: 20 })
  const producing = await startProducing({ cluster, organizations, ratePerS: 5 })
  /** So many more have been accepted than now. */
  const more = (count: number) => {
    const accepted = () => emitting.emits.filter(each => each.acceptedAtMs !== undefined).length
    const wanted = accepted() + count
    return until(`${count} more emits are accepted`, () => accepted() >= wanted)
  }
  await more(20)
  for (const n of [1, 2]) {
    await cluster.moveLeaders(
      organizations.map(({ id }) => ({ topic: events.nameFor(id, 'live'), partition: 0 })),
      n,
    )
    await more(20)
  }
  await cluster.kill(2)
  await more(40)
  await cluster.start(2)
  await cluster.preferredElection()
  await pair.second.kill()
  await more(40)
  await pair.second.start()
  await Promise.all([emitting.stop(), producing.stop()])
  expect(emitting.emits.every(({ isPromised }) => isPromised)).toBe(true)
  const found = await verified(organizations, [emitting, producing])
  expect(found).toEqual({
    promised: emitting.emits.length + producing.emits.length,
    lost: [],
    doubled: [],
    broken: [],
    miscounted: [],
  })
}, 120_000)
