/** Replays to federation members, on a broker in memory and in a time that the test controls. */
import { describe, expect, it } from '@jest/globals'
import type { MemberTargetPorts } from '../../../processors/deliver/catch-up/member-targets.ts'
import type { Replay } from '../../../src/model/replays.ts'
import { itemsOf, logged, MINUTE, SECOND, started, times } from './replays-setup.ts'

describe('a replay to a member of a federation', () => {
  const at = '2026-01-01T00:00:00.000Z'
  const peer = 'org_0000000000000000000000peer'
  /** After all events of these tests. */
  const later = '2027-01-01T00:00:00.000Z'

  /** A group with one member and one push of the events of these tests. */
  async function federated(sources: Partial<MemberTargetPorts> = {}, since = at) {
    const shard = await started({ sources })
    const { organizationId } = shard
    const stored = { organizationId, revision: 1, createdAt: at, updatedAt: at }
    shard.record('federation-group', 'cefg_1', { id: 'cefg_1', ...stored, name: 'g', status: 'active' })
    const member = {
      ...{ id: 'cefm_1', ...stored, groupId: 'cefg_1', peerType: 'tenant_org', memberOrganizationId: peer },
      ...{ status: 'accepted', pauseReason: null, inboundNamespace: null, acceptedAt: since },
    }
    shard.record('federation-member', 'cefm_1', member)
    shard.record('federation-push', 'cefp_1', {
      ...{ id: 'cefp_1', ...stored, groupId: 'cefg_1', namespace: 'orders', name: 'placed', version: '1.0.0' },
      ...{ sourceCanonicalName: `TENANT_CUSTOM:${organizationId}:orders.placed@1.0.0`, schemaHash: 'ab'.repeat(32) },
      ...{ pushedAt: since, isActive: true },
    })
    const replay = (changes: Partial<Replay> = {}) =>
      shard.replayTo([{ kind: 'federation_member', id: 'cefm_1' }], { selectors: [], ...changes })
    return {
      shard,
      replay,
      change: (changes: object) => shard.record('federation-member', 'cefm_1', { ...member, ...changes }),
    }
  }

  it('fills its gaps: what has arrived is skipped, what failed or was left out is relayed once', async () => {
    const { shard, replay } = await federated({
      relaysTo: async (_of, _to, eventIds) =>
        eventIds.map((sourceEventId, n) => ({
          sourceEventId,
          hasArrived: n % 3 !== 2,
          status: (['relayed', 'failed', 'skipped'] as const)[n % 3]!,
        })),
    })
    await logged(shard, 30)
    const id = replay()
    await shard.advance(5 * SECOND, 100)
    expect(shard.emits.map(({ causationId }) => causationId)).toHaveLength(20)
    expect(shard.emits.every(each => each.organizationId === peer && each.requestId === id)).toBe(true)
    expect(shard.emits.every(({ depth, federation }) => depth === 1 && federation?.pushId === 'cefp_1')).toBe(true)
    const items = itemsOf(shard, 'cefm_1')
    expect(
      items.filter(([, outcome]) => outcome === 'skipped').map(([sequence, , reason]) => [sequence, reason]),
    ).toEqual(times(10, n => [3 * n + 1, 'duplicate']))
    expect(items.filter(([, outcome]) => outcome === 'delivered')).toHaveLength(20)
    expect(shard.ended).toMatchObject([{ state: 'completed', progress: { matched: 30, skipped: 10, handedOver: 20 } }])
  })

  it('that is dry counts the gaps alone', async () => {
    const { shard, replay } = await federated({
      relaysTo: async (_of, _to, eventIds) =>
        eventIds.map((sourceEventId, n) => ({
          sourceEventId,
          hasArrived: n % 3 !== 2,
          status: (['relayed', 'failed', 'skipped'] as const)[n % 3]!,
        })),
    })
    await logged(shard, 30)
    replay({ dryRun: true })
    await shard.advance(5 * SECOND, 100)
    expect(shard.emits).toEqual([])
    expect(shard.ended).toMatchObject([{ state: 'completed', reason: null, progress: { matched: 20 } }])
    expect(itemsOf(shard, 'cefm_1')).toHaveLength(10)
  })

  it('that is dry counts what the history says nothing of for a minute, and says so', async () => {
    const { shard, replay } = await federated({
      relaysTo: async (_of, _to, eventIds) =>
        eventIds.map(sourceEventId => {
          const isOpen = sourceEventId === events[7]!.eventId
          return { sourceEventId, hasArrived: !isOpen, status: isOpen ? 'queued' : 'relayed' }
        }),
    })
    const events = await logged(shard, 30)
    replay({ dryRun: true })
    await shard.advance(50 * SECOND, SECOND)
    expect(shard.ended).toEqual([])
    await shard.advance(20 * SECOND, SECOND)
    expect(shard.ended).toMatchObject([{ state: 'completed', reason: 'history_behind', progress: { matched: 1 } }])
  })

  it('waits for a relay that is under way, and pauses after a minute in which the history says nothing', async () => {
    let status: 'queued' | 'relayed' = 'queued'
    const { shard, replay } = await federated({
      relaysTo: async (_of, _to, eventIds) =>
        eventIds.map(sourceEventId => ({ sourceEventId, hasArrived: status === 'relayed', status })),
    })
    await logged(shard, 5)
    const id = replay()
    await shard.advance(30 * SECOND, SECOND)
    expect(shard.replayState(id).state).toBe('running')
    await shard.advance(40 * SECOND, SECOND)
    expect(shard.replayState(id).state).toBe('paused')
    expect(shard.emits).toEqual([])
    status = 'relayed'
    shard.steer(id, { state: 'running' })
    await shard.advance(5 * SECOND, SECOND)
    expect(shard.replayState(id).state).toBe('completed')
    expect(itemsOf(shard, 'cefm_1')).toEqual(times(5, n => [n + 1, 'skipped', 'duplicate']))
  })

  it('waits for the decision that acceptance has made, even if the history has the emit already', async () => {
    const known: Array<{ sourceEventId: string; hasArrived: boolean; status: 'skipped' }> = []
    const { shard, replay } = await federated({
      relaysTo: async (_of, _to, eventIds) => known.filter(({ sourceEventId }) => eventIds.includes(sourceEventId)),
    })
    await shard.advance(2 * MINUTE, MINUTE)
    const events = await logged(shard, 5)
    replay()
    await shard.advance(10 * SECOND, SECOND)
    expect(shard.emits).toEqual([])
    for (const { eventId } of events) known.push({ sourceEventId: eventId, hasArrived: false, status: 'skipped' })
    await shard.advance(5 * SECOND, SECOND)
    expect(shard.emits).toHaveLength(5)
  })

  it('relays events that are older than its membership, once they are old enough', async () => {
    const { shard, replay } = await federated({}, later)
    await logged(shard, 5)
    replay()
    await shard.advance(20 * SECOND, SECOND)
    expect(shard.emits).toEqual([])
    await shard.advance(20 * SECOND, SECOND)
    expect(shard.emits).toHaveLength(5)
  })

  it('relays each event once across crashes', async () => {
    const { shard, replay } = await federated({}, later)
    await logged(shard, 60)
    await shard.advance(MINUTE, MINUTE)
    replay({ ratePerSecond: 20 })
    for (const afterCommit of [false, true, false]) {
      await shard.advance(SECOND / 2, 100)
      await shard.restart(afterCommit)
    }
    await shard.advance(10 * SECOND, 100)
    const ids = shard.emits.map(({ id }) => id)
    expect(ids).toHaveLength(60)
    expect(new Set(ids).size).toBe(60)
    expect(shard.ended).toMatchObject([{ progress: { matched: 60, handedOver: 60 } }])
  })

  it('skips what meets a paused member, and has failed when it is removed', async () => {
    const { shard, replay, change } = await federated()
    await logged(shard, 5)
    change({ status: 'paused', pauseReason: 'owner' })
    replay()
    await shard.advance(SECOND, 100)
    expect(itemsOf(shard, 'cefm_1')).toEqual(times(5, n => [n + 1, 'skipped', 'inactive']))
    change({ status: 'removed' })
    replay()
    await shard.advance(SECOND, 100)
    expect(shard.ended.map(({ state, reason }) => [state, reason])).toEqual([
      ['completed', null],
      ['failed', 'target_deleted'],
    ])
  })
})
