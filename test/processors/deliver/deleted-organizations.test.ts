/**
 * The state that a shard has of an organization after its deletion: every kind of entry, and ten minutes later none.
 */
import { expect, it } from '@jest/globals'
import { createMemoryShard } from './memory-shard.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const KINDS = ['open/', 'lane/', 'failed/', 'endpoint/', 'health/', 'parked/', 'early/', 'replay/', 'redrive/']

/**
 * A paused webhook with a retry before its range, in an ordered lane; another one whose deliveries of the same events
 * failed.
 */
async function burdened() {
  const shard = createMemoryShard()
  const kinds = () => KINDS.filter(kind => shard.state(kind).length > 0)
  shard.organization('active')
  shard.webhook('wh_a', { ordering: 'block' })
  shard.webhook('wh_b', {})
  shard.answer('wh_a', 'fail')
  shard.answer('wh_b', { status: 500, headers: { 'webhook-retry': 'no' } })
  shard.open()
  await shard.settle()
  shard.emit(['wh_a', 'wh_b'], { subject: 'a' })
  await shard.settle()
  shard.webhook('wh_a', { ordering: 'block', active: false })
  for (let at = 0; at < 5; at++) shard.emit(['wh_a', 'wh_b'], { subject: 'a' })
  await shard.advance(2 * MINUTE, SECOND)
  expect(kinds()).toEqual(['open/', 'lane/', 'failed/', 'endpoint/', 'health/', 'parked/', 'early/'])
  const remove = () => {
    shard.organization('deleted')
    for (const id of ['wh_a', 'wh_b']) shard.webhook(id, null)
  }
  return { shard, kinds, remove }
}

it('goes ten minutes later, with tombstones', async () => {
  const { shard, kinds, remove } = await burdened()
  remove()
  await shard.advance(10 * MINUTE - SECOND, SECOND)
  expect(kinds()).toEqual(['open/', 'lane/', 'failed/'])
  await shard.advance(10 * SECOND, SECOND)
  expect(kinds()).toEqual([])
  const { records } = shard.written
  await shard.advance(MINUTE, SECOND)
  expect(shard.written.records).toBe(records)
  expect(shard.failures).toEqual([])
})

it('goes as well when it is deleted while nobody holds the shard, and is there no more after a restart', async () => {
  const { shard, kinds, remove } = await burdened()
  await shard.crash()
  remove()
  shard.clock.advance(11 * MINUTE)
  await shard.restart()
  await shard.advance(20 * SECOND, SECOND)
  expect(kinds()).toEqual([])
  shard.clean()
  await shard.restart()
  await shard.advance(20 * SECOND, SECOND)
  expect(kinds()).toEqual([])
  expect(shard.failures).toEqual([])
})

it('stays while the organization is there, webhooks or not', async () => {
  const { shard, kinds } = await burdened()
  await shard.advance(20 * MINUTE, 10 * SECOND)
  expect(kinds()).toContain('failed/')
  expect(kinds()).toContain('lane/')
})

it('is not begun anew by an attempt that ends after the deletion', async () => {
  const { shard, remove } = await burdened()
  shard.answer('wh_b', { laterMs: 5 * SECOND, ok: false })
  shard.emit(['wh_b'])
  await shard.settle()
  expect(shard.inFlight()).toBe(1)
  remove()
  await shard.advance(10 * SECOND, SECOND)
  expect(shard.state('health/')).toEqual([])
})
