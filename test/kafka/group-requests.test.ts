import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import {
  describeGroupsRequest,
  heartbeatRequest,
  type JoinGroup,
  joinGroupRequest,
  leaveGroupRequest,
  syncGroupRequest,
} from '../../src/kafka/protocol/group-requests.ts'
import { retryTransient } from '../../src/kafka/protocol/retry-transient.ts'
import { openWire, type Wire, type WireRequest } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const PROTOCOL = { protocolType: 'clarion', protocol: 'test' }
const clock = createSystemClock()

let runtime: TestRuntime
let wire: Wire
beforeAll(async () => {
  runtime = await testRuntime()
  wire = await openWire(runtime.kafka, createLogger('silent'))
}, 60_000)
afterAll(async () => {
  await wire.close()
  await runtime.close()
})

describe('the requests of a group', () => {
  const join = (groupId: string, changes: Partial<JoinGroup> = {}): JoinGroup => ({
    ...{ groupId, memberId: '', instanceId: undefined, ...PROTOCOL },
    ...{ sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000, metadata: 'métadonnées', reason: 'test' },
    ...changes,
  })
  /** A broker that has just created its groups' topic answers for a moment that it coordinates none. */
  async function ask<T>(groupId: string, request: WireRequest<T>, lane?: string): Promise<T> {
    for (;;) {
      const answer = await wire.send(
        await retryTransient(clock, () => wire.coordinator('group', groupId)),
        request,
        lane,
      )
      const { error } = answer as { error?: string }
      if (error !== 'NOT_COORDINATOR' && error !== 'COORDINATOR_LOAD_IN_PROGRESS') return answer
      wire.forgetCoordinator('group', groupId)
      await clock.sleep(20)
    }
  }

  it('join, give, confirm, describe and leave, as the broker understands them', async () => {
    const groupId = runtime.name('group')
    const asked = await ask(groupId, joinGroupRequest(join(groupId), 10_000))
    expect(asked).toMatchObject({ error: 'MEMBER_ID_REQUIRED', memberId: expect.stringMatching(/./) })
    const { memberId } = asked
    const joined = await ask(groupId, joinGroupRequest(join(groupId, { memberId }), 10_000), 'join')
    expect(joined).toEqual({
      error: undefined,
      generation: 1,
      memberId,
      leader: memberId,
      skipAssignment: false,
      members: [{ memberId, instanceId: undefined, metadata: 'métadonnées' }],
    })
    const name = { groupId, memberId, instanceId: undefined, generation: 1 }
    const assignments = [{ memberId, assignment: '{"shards":[1]}' }]
    const synced = await ask(groupId, syncGroupRequest({ ...name, ...PROTOCOL, assignments }, 10_000), 'join')
    expect(synced).toEqual({ error: undefined, assignment: '{"shards":[1]}' })
    expect(await ask(groupId, heartbeatRequest(name, 1_500))).toEqual({ error: undefined })
    expect(await ask(groupId, heartbeatRequest({ ...name, generation: 7 }, 1_500))).toEqual({
      error: 'ILLEGAL_GENERATION',
    })
    const [described] = await ask(groupId, describeGroupsRequest([groupId]))
    expect(described).toMatchObject({ error: undefined, groupId, state: 'Stable', protocolType: 'clarion' })
    expect(described?.members).toEqual([
      expect.objectContaining({ memberId, clientId: 'test', metadata: 'métadonnées', assignment: '{"shards":[1]}' }),
    ])
    expect(await ask(groupId, leaveGroupRequest({ ...name, reason: 'goodbye' }, 1_500))).toEqual({ error: undefined })
    expect(await ask(groupId, heartbeatRequest(name, 1_500))).toEqual({ error: 'UNKNOWN_MEMBER_ID' })
  }, 30_000)

  it('give a static member that comes back its generation and its assignment; the former holder of the name is fenced', async () => {
    const groupId = runtime.name('static')
    const instanceId = 'one'
    const first = await ask(groupId, joinGroupRequest(join(groupId, { instanceId }), 10_000), 'join')
    expect(first).toMatchObject({ error: undefined, generation: 1, members: [{ instanceId }] })
    const name = { groupId, memberId: first.memberId, instanceId, generation: 1 }
    const assignments = [{ memberId: first.memberId, assignment: 'all' }]
    await ask(groupId, syncGroupRequest({ ...name, ...PROTOCOL, assignments }, 10_000), 'join')
    const back = await ask(groupId, joinGroupRequest(join(groupId, { instanceId }), 10_000), 'join')
    expect(back).toMatchObject({ error: undefined, generation: 1, leader: back.memberId, skipAssignment: true })
    const again = { ...name, memberId: back.memberId, assignments: [] }
    expect(await ask(groupId, syncGroupRequest({ ...again, ...PROTOCOL }, 10_000), 'join')).toEqual({
      error: undefined,
      assignment: 'all',
    })
    expect(await ask(groupId, heartbeatRequest(name, 1_500))).toEqual({ error: 'FENCED_INSTANCE_ID' })
    expect(await ask(groupId, leaveGroupRequest({ ...again, reason: 'goodbye' }, 1_500))).toEqual({ error: undefined })
  }, 30_000)

  it('are refused to a member of another protocol, until the last one of the former has left', async () => {
    const groupId = runtime.name('mixed')
    // The broker reads a consumer's subscription: nothing.
    const consumer = { instanceId: 'old', protocolType: 'consumer', metadata: '\0'.repeat(10) }
    const former = await ask(groupId, joinGroupRequest(join(groupId, consumer), 10_000), 'join')
    const joining = () => ask(groupId, joinGroupRequest(join(groupId, { instanceId: 'new' }), 10_000))
    expect(await joining()).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    await ask(
      groupId,
      leaveGroupRequest({ groupId, memberId: former.memberId, instanceId: 'old', reason: 'stop' }, 1_500),
    )
    expect(await joining()).toMatchObject({ error: undefined, generation: expect.any(Number) })
  }, 30_000)
})
