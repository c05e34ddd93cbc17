import { expect, it } from '@jest/globals'
import { createPauseReports } from '../../../processors/admit/report-pauses.ts'
import { createPausedOrganizations } from '../../../src/ingress/paused-organizations.ts'
import { outcomes } from '../../../topics/outcomes.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { createNotingHandle } from './in-process.ts'

const [FIRST, SECOND] = ['events.org_a', 'events.org_b'] as const

/** An owner of a shard, and an api process that reads what commits of it. */
function world() {
  const clock = createManualClock()
  const api = createPausedOrganizations({ clock })
  const owner = (partition = 0) => {
    const handle = createNotingHandle()
    const reports = createPauseReports({ clock, handle: { ...handle, shard: partition } })
    reports.start()
    const commit = () => {
      const records = handle.written.splice(0).filter(({ topic }) => topic === outcomes.name)
      for (const { topic, key, value } of records)
        api.onRecord({
          ...{ topic, partition, offset: 0, timestampMs: 0, headers: {} },
          ...{ key: Buffer.from(key!), value: value as Buffer },
        })
      return records.length
    }
    return { handle, reports, commit, rollback: () => void handle.written.splice(0) }
  }
  const refused = () =>
    ['org_a', 'org_b'].filter(id => {
      try {
        api.check(id, 'live')
        return false
      } catch {
        return true
      }
    })
  return { clock, owner, refused }
}

it('the end of a pause that was lost with its transaction is reported again', () => {
  const { clock, owner, refused } = world()
  const { handle, reports, commit, rollback } = owner()
  clock.advance(1_000)
  for (const log of [FIRST, SECOND]) {
    handle.away.add(log)
    reports.changed(log)
  }
  commit()
  expect(refused()).toEqual(['org_a', 'org_b'])
  handle.away.delete(FIRST)
  reports.changed(FIRST)
  rollback()
  expect(refused()).toEqual(['org_a', 'org_b'])
  clock.advance(5_000)
  commit()
  expect(refused()).toEqual(['org_b'])
})

it('a new owner of the shard ends the pauses that it does not find, a second after its start, and those of its shard alone', () => {
  const { clock, owner, refused } = world()
  const [first, other] = [owner(0), owner(1)]
  first.handle.away.add(FIRST)
  first.reports.changed(FIRST)
  other.handle.away.add(SECOND)
  other.reports.changed(SECOND)
  for (const each of [first, other]) each.commit()
  // The first dies with the report that its log is available again.
  first.handle.away.delete(FIRST)
  first.reports.changed(FIRST)
  first.reports.close()
  const next = owner(0)
  expect(refused()).toEqual(['org_a', 'org_b'])
  clock.advance(1_000)
  next.commit()
  expect(refused()).toEqual(['org_b'])
})

it('a shard without pauses reports once', () => {
  const { clock, owner } = world()
  const { commit } = owner()
  clock.advance(1_000)
  expect(commit()).toBe(1)
  clock.advance(60_000)
  expect(commit()).toBe(0)
})
