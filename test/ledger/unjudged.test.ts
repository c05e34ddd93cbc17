import { expect, it } from '@jest/globals'
import type { LookOrder } from '../../src/control-plane/drift/look-order.ts'
import { ORGANIZATIONS_MAX, UNJUDGED_MS, watchUnjudged } from '../../src/ledger/unjudged.ts'
import { createLogger } from '../../src/logger.ts'
import type { Observation } from '../../src/model/drift.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const organization = { id: 'org_1', status: 'active', partitions: 1, testEnvironment: false } as Organization

function watched() {
  const clock = createManualClock()
  const log = { end: 0, position: 0, records: true }
  const looks: Observation[][] = []
  const finding = { kind: 'admission', status: 'open' }
  const watch = watchUnjudged({
    view: { organizations: () => [organization], list: (() => [finding]) as never },
    drift: { look: async (order: LookOrder) => void looks.push([...order.observe(undefined as never)]) },
    clock,
    random: { uniform: () => 0 },
    logger: createLogger('silent'),
    position: () => log.position,
    ends: async () => new Map([['emits.org_1/0', log.end]]),
    hasRecords: async () => log.records,
  })
  const look = async () => {
    looks.length = 0
    await watch.look()
    return looks.at(-1)
  }
  return { clock, log, look, close: watch.close }
}

it('an emit without a verdict for a minute is critical, until it is judged', async () => {
  const { clock, log, look, close } = watched()
  log.end = 5
  // An open finding, maybe of another process, is not over while this one does not know.
  expect(await look()).toBeUndefined()
  clock.advance(UNJUDGED_MS - 1)
  expect(await look()).toBeUndefined()
  clock.advance(1)
  expect(await look()).toMatchObject([
    { kind: 'admission', severity: 'critical', entityId: 'org_1', actual: { waiting: 5 } },
  ])
  log.position = 5
  expect(await look()).toEqual([])
  close()
})

it('emits that are judged in time are none, however many come', async () => {
  const { clock, log, look, close } = watched()
  for (let round = 1; round <= 20; round++) {
    log.end = round * 1_000
    expect(await look()).toBeUndefined()
    log.position = log.end - 1
    clock.advance(UNJUDGED_MS / 3)
  }
  close()
})

it('a marker of a transaction at the end waits for no verdict', async () => {
  const { clock, log, look, close } = watched()
  log.end = 1
  log.records = false
  await look()
  clock.advance(2 * UNJUDGED_MS)
  // The finding of before is over.
  expect(await look()).toEqual([])
  close()
})

it('of ten thousand organizations a bounded number is looked at, and each has its turn', async () => {
  const clock = createManualClock()
  const organizations = Array.from({ length: 10_000 }, (_, at) => ({ ...organization, id: `org_${at}` }))
  const positions = new Map(organizations.map(({ id }) => [`emits.${id}`, 7]))
  positions.set('emits.org_777', 3)
  const sizes: number[] = []
  const looks: string[] = []
  const watch = watchUnjudged({
    view: { organizations: () => organizations, list: () => [] },
    drift: { look: async order => void looks.push(order.organizationId) },
    clock,
    random: { uniform: () => 0.9 },
    logger: createLogger('silent'),
    position: topic => positions.get(topic),
    async ends(partitions) {
      sizes.push(partitions.length)
      return new Map(partitions.map(({ topic, partition }) => [`${topic}/${partition}`, 7]))
    },
    hasRecords: async () => true,
  })
  for (let round = 0; round < 24; round++) {
    await watch.look()
    clock.advance(UNJUDGED_MS / 3)
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(ORGANIZATIONS_MAX + 1)
  expect(new Set(looks)).toEqual(new Set(['org_777']))
  watch.close()
})
