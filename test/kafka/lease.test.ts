import { describe, expect, it } from '@jest/globals'
import { createTestGroup } from './leases.ts'

describe('a lease', () => {
  it('is held from the first assignment on, and its age is that of the last heartbeat', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    expect([one.lease.state(), one.lease.reason()]).toEqual(['joining', 'waiting for shards'])
    await group.advance(1_000)
    expect(one.events).toEqual(['gained 0,1,2,3'])
    expect([one.lease.state(), one.lease.isHeld(), one.lease.reason()]).toEqual(['held', true, undefined])
    expect(group.clock.monotonicMs() - one.lease.confirmedAtMs()).toBeLessThanOrEqual(250)
  })

  it('passes a shard on when its owner has drained it, and both work meanwhile', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(500)
    const two = group.start('two')
    await group.advance(3_000)
    expect(one.events.slice(1)).toEqual(['revoked 2,3'])
    expect(two.events).toEqual([])
    expect(two.lease.state()).toBe('held')
    expect(one.lease.heldShards()).toEqual([0, 1, 2, 3])
    one.lease.release(2)
    one.lease.release(3)
    await group.advance(300)
    expect(two.events).toEqual(['gained 2,3'])
    expect(group.held()).toEqual([
      [0, 1],
      [2, 3],
    ])
  })

  it('passes drained shards on without waiting long for the rest', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(500)
    const two = group.start('two')
    await group.advance(500)
    one.lease.release(3)
    await group.advance(800)
    expect(two.events).toEqual(['gained 3'])
    one.lease.release(2)
    await group.advance(300)
    expect(two.events).toEqual(['gained 3', 'gained 2'])
  })

  it('gives shards back that drain when the one that was to have them goes', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(500)
    const two = group.start('two')
    await group.advance(500)
    await Promise.all([two.lease.close(), group.advance(500)])
    expect(one.events).toEqual(['gained 0,1,2,3', 'revoked 2,3', 'gained 2,3'])
    expect(one.lease.heldShards()).toHaveLength(4)
  })

  it('is lost a session after the sending of the last answered heartbeat, and found when the same generation is confirmed', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(1_000)
    one.faults.heartbeat = 'CONNECTION'
    const confirmedAtMs = one.lease.confirmedAtMs()
    await group.advance(confirmedAtMs + 5_950 - group.clock.monotonicMs())
    expect([one.lease.isHeld(), one.lease.state(), one.lease.reason()]).toEqual([true, 'unconfirmed', undefined])
    await group.advance(50)
    expect([one.lease.isHeld(), one.lease.state()]).toEqual([false, 'lost'])
    expect(one.lease.reason()).toMatch(/^the lease has not been confirmed for 6 s/)
    expect(one.events).toEqual(['gained 0,1,2,3', 'lost'])
    await group.advance(10_000)
    one.faults.heartbeat = 'COORDINATOR_LOAD_IN_PROGRESS'
    await group.advance(2_000)
    expect(one.lease.isHeld()).toBe(false)
    const generation = group.model.generation()
    one.faults.heartbeat = undefined
    await group.advance(300)
    expect([one.lease.isHeld(), one.lease.state()]).toEqual([true, 'held'])
    expect(one.events).toEqual(['gained 0,1,2,3', 'lost', 'found'])
    expect(group.model.generation()).toBe(generation)
    expect(one.lease.lostCount()).toBe(1)
    expect(one.logged.filter(line => line.startsWith('warn'))).toEqual([
      'warn the coordinator does not answer; looking for it',
      'warn the lease has not been confirmed for a session: it is lost',
    ])
  })

  it('is not held by a process that wakes after its session, before anything else happens there', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(1_000)
    // All timers that were due while it was stopped fire at once.
    group.clock.advance(10_000)
    expect(one.lease.isHeld()).toBe(false)
    await group.advance(300)
    expect(one.events).toEqual(['gained 0,1,2,3', 'lost', 'found'])
  })

  it('is dropped at once when the group does not know the member, which joins as a new one', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    const two = group.start('two')
    await group.advance(1_000)
    const [first] = group.model.memberIds()
    const lost = one.lease.heldShards()
    group.model.remove(first!)
    await group.advance(250)
    expect(one.events[1]).toBe(`dropped ${lost.join(',')}`)
    await group.advance(1_000)
    for (const shard of two.lease.heldShards().slice(2)) two.lease.release(shard)
    await group.advance(1_000)
    expect(group.held().map(held => held.length)).toEqual([2, 2])
  })

  it('of a member that is killed and back within its session is the same, and the others notice nothing', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    const two = group.start('two')
    await group.advance(1_000)
    const held = one.lease.heldShards()
    const [generation, joins] = [group.model.generation(), two.requests.join]
    one.kill()
    const back = group.start('one')
    await group.advance(500)
    expect(back.events).toEqual([`gained ${held.join(',')}`])
    expect([group.model.generation(), two.requests.join]).toEqual([generation, joins])
  })

  it('goes on through a round that waits for a dead member: heartbeats beside the join confirm it', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    const two = group.start('two')
    await group.advance(1_000)
    two.kill()
    const three = group.start('three')
    await group.advance(8_000)
    expect([one.lease.state(), one.events.includes('lost')]).toEqual(['held', false])
    group.model.remove(group.model.memberIds().find(id => id.includes('two'))!)
    await group.advance(500)
    expect(three.lease.heldShards().length + one.lease.heldShards().length).toBe(4)
  })

  it('logs nothing about a generation that ends while a join is under way', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    const two = group.start('two')
    await group.advance(1_000)
    two.kill()
    group.start('three')
    await group.advance(1_000)
    const [joins, confirmedAtMs] = [one.requests.join, one.lease.confirmedAtMs()]
    one.faults.heartbeat = 'ILLEGAL_GENERATION'
    await group.advance(2_000)
    expect([one.requests.join, one.lease.confirmedAtMs(), one.lease.isHeld()]).toEqual([joins, confirmedAtMs, true])
  })

  it('ends for good, with a sentence, when another process has taken its name', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(500)
    const twin = group.start('one')
    await group.advance(1_000)
    expect(one.events).toEqual(['gained 0,1,2,3', 'dropped 0,1,2,3'])
    expect(one.lease.state()).toBe('stopped')
    expect(one.lease.reason()).toMatch(/two processes have the same instance id .* CLARION_INSTANCE/)
    const before = { ...one.requests }
    await group.advance(20_000)
    expect(one.requests).toEqual(before)
    expect(one.logged.filter(line => line.startsWith('error'))).toHaveLength(1)
    expect(twin.lease.state()).toBe('held')
  })

  it.each([
    ['GROUP_AUTHORIZATION_FAILED', /grant READ and DESCRIBE on GROUP deliver/],
    ['INCONSISTENT_GROUP_PROTOCOL', /processes of an earlier version are running/],
    ['INVALID_SESSION_TIMEOUT', /group.min.session.timeout.ms/],
  ])('logs once how to fix %s, and joins when it is fixed', async (error, sentence) => {
    const group = createTestGroup()
    const one = group.start('one')
    one.faults.join = error
    await group.advance(60_000)
    expect([one.lease.state(), one.lease.reason()]).toEqual(['stopped', expect.stringMatching(sentence)])
    expect(one.logged.filter(line => line.startsWith('error'))).toHaveLength(1)
    expect(one.requests.join).toBeLessThan(40)
    one.faults.join = undefined
    await group.advance(3_000)
    expect([one.lease.state(), one.lease.reason()]).toEqual(['held', undefined])
  })

  it.each([
    'CONNECTION',
    'REQUEST_TIMEOUT',
    'NOT_COORDINATOR',
    'COORDINATOR_NOT_AVAILABLE',
    'UNKNOWN_SERVER_ERROR',
    'REBALANCE_IN_PROGRESS',
  ])('is joined for however long a join or a sync is answered %s, without a storm', async error => {
    const group = createTestGroup()
    const one = group.start('one')
    one.faults.join = error
    await group.advance(30_000)
    expect(one.requests.join).toBeLessThan(60)
    one.faults.join = undefined
    one.faults.sync = error
    await group.advance(5_000)
    expect(one.lease.state()).toBe('joining')
    one.faults.sync = undefined
    await group.advance(2_000)
    expect(one.lease.state()).toBe('held')
    expect(one.logged.filter(line => line.startsWith('warn')).length).toBeLessThan(3)
  })

  it('of a dynamic member works, too: the coordinator gives it its name', async () => {
    const group = createTestGroup()
    const [one, two] = [group.start(), group.start()]
    await group.advance(1_000)
    expect(group.held().map(held => held.length)).toEqual([2, 2])
    expect([one.lease.state(), two.lease.state()]).toEqual(['held', 'held'])
  })

  it('is another one’s within a heartbeat and a round when a member leaves', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    const two = group.start('two')
    await group.advance(1_000)
    await one.lease.close()
    await group.advance(300)
    expect(two.lease.heldShards().sort()).toEqual([0, 1, 2, 3])
  })

  it('of a former process that was killed while it drained delays no other', async () => {
    const group = createTestGroup()
    const one = group.start('one')
    await group.advance(500)
    const two = group.start('two')
    await group.advance(500)
    expect(one.events.at(-1)).toBe('revoked 2,3')
    one.kill()
    const back = group.start('one')
    await group.advance(1_000)
    expect([back.lease.heldShards(), two.lease.heldShards()]).toEqual([
      [0, 1],
      [2, 3],
    ])
  })
})
