import { expect, it } from '@jest/globals'
import { createAdmissionProgress } from '../../../src/ingress/admission-progress.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import { admissionCounters } from '../../../topics/admission-counters.ts'
import { control } from '../../../topics/control.ts'
import { platformEmits } from '../../../topics/platform-emits.ts'
import { asRecord, examplesOf } from '../../topics/example-records.ts'
import { asRead, createExamplesClock, createExamplesView, openAdmit } from './in-process.ts'

const ORG = 'org_01kweej16fd5swean4tt1jf6eh'
const MINUTE_MS = 60_000
const builtIn = asRecord(examplesOf(platformEmits.name).find(each => each.shows === 'built-in')!)

/** The examples' control plane on a clock, and the organization's deletion in it. */
function world() {
  const clock = createExamplesClock()
  const view = createExamplesView(clock)
  const remove = () => {
    const organization = {
      ...view.organization(ORG)!,
      status: 'deleted',
      updatedAt: new Date(clock.nowMs()).toISOString(),
    }
    const [key, value] = [Buffer.from(`organization/${ORG}/${ORG}`), Buffer.from(JSON.stringify(organization))]
    view.apply({
      topic: control.name,
      partition: 0,
      offset: view.appliedOffset + 1,
      timestampMs: 0,
      key,
      value,
      headers: {},
    })
  }
  return { clock, view, remove }
}

const TOMBSTONES = [`counters/${ORG}`, `position/emits.${ORG}/0`, `position/emits.${ORG}.test/0`]
const tombstonesOf = (records: Array<Pick<LogRecord, 'key' | 'value'>>) =>
  records.filter(({ value }) => value === null).map(({ key }) => String(key))

it('an organization that is deleted leaves the state ten minutes later, and tombstones in the changelog', () => {
  const { clock, view, remove } = world()
  const { shard } = openAdmit({ clock, view })
  void shard.start()
  remove()
  clock.advance(10 * MINUTE_MS - 1)
  expect(tombstonesOf(asRead(shard.seal()))).toEqual([])
  clock.advance(1_001)
  expect(tombstonesOf(asRead(shard.seal()))).toEqual(TOMBSTONES)
  clock.advance(MINUTE_MS)
  expect(asRead(shard.seal())).toEqual([])
  shard.close()
})

it('one that was deleted while the shard had no owner is removed when the shard is opened, and is not restored again', () => {
  const { clock, view, remove } = world()
  remove()
  clock.advance(10 * MINUTE_MS)
  const { shard, handle } = openAdmit({ clock, view })
  void shard.start()
  expect(handle.assigned.has(`emits.${ORG}/0`)).toBe(false)
  const tombstones = asRead(shard.seal())
  expect(tombstonesOf(tombstones)).toEqual(TOMBSTONES)
  shard.close()
  const next = openAdmit({ clock, view, state: tombstones })
  void next.shard.start()
  expect(next.shard.seal()).toEqual([])
  next.shard.close()
})

it('what is rolled back is written again', () => {
  const { clock, view, remove } = world()
  remove()
  clock.advance(10 * MINUTE_MS)
  const { shard } = openAdmit({ clock, view })
  void shard.start()
  shard.seal()
  shard.rollback!()
  clock.advance(1_001)
  expect(tombstonesOf(asRead(shard.seal()))).toEqual(TOMBSTONES)
  shard.close()
})

it('its deletion event still reaches it, but nothing that would begin its numbers anew', () => {
  const { clock, view, remove } = world()
  const { shard, verdicts } = openAdmit({ clock, view })
  void shard.start()
  remove()
  clock.advance(MINUTE_MS)
  shard.receive([builtIn], 1, false)
  clock.advance(5 * MINUTE_MS)
  shard.receive([{ ...builtIn, offset: 1 }], 2, false)
  expect(verdicts).toMatchObject([{ verdict: 'accepted' }, { verdict: 'rejected', code: 'organization_suspended' }])
  shard.close()
})

it('the api removes its numbers too', () => {
  const numbers = createAdmissionProgress()
  for (const example of examplesOf(admissionCounters.name)) numbers.apply(asRecord(example))
  expect([numbers.position(`emits.${ORG}`, 0), numbers.used(ORG, 'live', '2026-07')]).toEqual([4300, 640])
  const { clock, view, remove } = world()
  remove()
  clock.advance(10 * MINUTE_MS)
  const { shard } = openAdmit({ clock, view })
  void shard.start()
  for (const record of asRead(shard.seal())) numbers.apply(record)
  expect([numbers.position(`emits.${ORG}`, 0), numbers.used(ORG, 'live', '2026-07')]).toEqual([undefined, 0])
  shard.close()
})
