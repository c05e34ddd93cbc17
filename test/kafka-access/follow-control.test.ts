/** Kafka credentials of the control plane compared with the broker's users: after changes, and after crashes between the two. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { type ControlViewStore, controlKey, createControlView } from '../../src/control-plane/store/view-store.ts'
import { type Accounts, createAccounts } from '../../src/kafka/admin/accounts.ts'
import { followControl } from '../../src/kafka-access/follow-control.ts'
import { grantsOf, ratesOf } from '../../src/kafka-access/grants.ts'
import { createLogger } from '../../src/logger.ts'
import { createIds } from '../../src/model/ids.ts'
import type { KafkaCredential } from '../../src/model/kafka-credentials.ts'
import type { Organization } from '../../src/model/organizations.ts'
import type { Kind, RecordsByKind } from '../../src/model/records.ts'
import { control } from '../../topics/control.ts'
import { openControlProcess } from '../control-plane/control-plane-harness.ts'
import { until } from '../support/until.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const logger = createLogger('silent')
const ids = createIds({ clock, random })

let accounts: Accounts
let closing: () => Promise<unknown>
beforeAll(async () => {
  const process = await openControlProcess()
  accounts = createAccounts({ kafka: process.kafka, random, logger })
  closing = () => Promise.all([process.close(), accounts.close()])
})
afterAll(() => closing?.())

/** A control plane of the test's own, that the broker follows. */
function aView() {
  const view = createControlView({ clock })
  let offset = 0
  const write = <K extends Kind>(kind: K, organizationId: string, id: string, record: RecordsByKind[K] | null) =>
    view.apply({
      ...{ topic: control.name, partition: 0, offset: offset++, timestampMs: 0, headers: {} },
      key: Buffer.from(controlKey(kind, organizationId, id)),
      value: record === null ? null : Buffer.from(JSON.stringify(record)),
    })
  const organization = (changes: Partial<Organization> = {}) => {
    const id = changes.id ?? ids.next('org')
    const record = { id, organizationId: id, plan: 'PRO', status: 'active', slug: id, ...changes } as Organization
    write('organization', id, id, record)
    return record
  }
  const credential = (organizationId: string, access: KafkaCredential['access'] = 'both', id = ids.next('kfc')) => {
    const record = { id, organizationId, name: 'n', access, username: id, revision: 1, createdAt: id, updatedAt: id }
    write('kafka-credential', organizationId, id, record)
    return record
  }
  return { view, write, organization, credential }
}

/** The rights of a user once there are so many: the broker has taken them when it answers, and lists them a moment later. */
async function listed(user: string, count: number) {
  const ask = async () => (await accounts.listGrants()).get(user) ?? []
  return until(ask, list => list.length === count)
}

/** Follows what is there, and closes nothing of the shared connection. */
async function followed(view: ControlViewStore, organizationId: string) {
  const follower = followControl({ view, accounts: { ...accounts, close: async () => undefined }, clock, logger })
  await follower.reconciled(organizationId)
  return follower
}

it('a record whose user has no rights yet gets them at the next start', async () => {
  const { view, organization, credential } = aView()
  const { id } = organization()
  const made = credential(id)
  await accounts.createUser(made.username, 'x')
  const follower = await followed(view, id)
  const granted = await listed(made.username, grantsOf(made).length)
  expect(new Set(granted?.map(each => JSON.stringify(each)))).toEqual(
    new Set(grantsOf(made).map(each => JSON.stringify(each))),
  )
  await follower.close()
})

it('rights and users without a record are gone after the next start, a user who was made a moment ago and users of others excepted', async () => {
  const { view, organization } = aView()
  const { id } = organization()
  const old = createIds({ clock: { ...clock, nowMs: () => clock.nowMs() - 3_600_000 }, random }).next('kfc')
  const [withRights, young, foreign] = [ids.next('kfc'), ids.next('kfc'), `theirs-${ids.next('kfc')}`]
  for (const user of [old, withRights, young, foreign]) await accounts.createUser(user, 'x')
  for (const user of [withRights, foreign])
    await accounts.grant(user, grantsOf({ organizationId: id, access: 'produce' }))
  for (const user of [withRights, foreign]) expect(await listed(user, 4)).toHaveLength(4)
  const follower = await followed(view, id)
  const users = await accounts.listUsers()
  expect([old, withRights, young, foreign].map(user => users.includes(user))).toEqual([false, false, true, true])
  expect([await listed(withRights, 0), (await listed(foreign, 4)).length]).toEqual([[], 4])
  await accounts.revoke([foreign])
  await follower.close()
})

it('rights that are not those of the record are taken away', async () => {
  const { view, organization, credential } = aView()
  const { id } = organization()
  const made = credential(id, 'consume')
  await accounts.grant(made.username, grantsOf({ organizationId: id, access: 'both' }))
  const both = grantsOf({ organizationId: id, access: 'both' }).length
  expect(await listed(made.username, both)).toHaveLength(both)
  const follower = await followed(view, id)
  expect(await listed(made.username, 4)).toHaveLength(4)
  await follower.close()
})

it('follows removal and the end of the organization while it runs', async () => {
  const { view, write, organization, credential } = aView()
  const first = organization()
  const [gone, kept] = [credential(first.id), credential(first.id, 'produce')]
  for (const { username } of [gone, kept]) await accounts.createUser(username, 'x')
  const follower = await followed(view, first.id)
  write('kafka-credential', first.id, gone.id, null)
  await follower.reconciled(first.id)
  await listed(gone.username, 0)
  expect(
    [await accounts.listUsers(), [...(await accounts.listGrants()).keys()]].map(list => [
      list.includes(gone.username),
      list.includes(kept.username),
    ]),
  ).toEqual([
    [false, true],
    [false, true],
  ])
  organization({ ...first, status: 'deleted' })
  await follower.reconciled(first.id)
  expect((await accounts.listUsers()).includes(kept.username)).toBe(false)
  await follower.close()
})

it('is tried again when the broker fails, and waiters are notified', async () => {
  const { view, organization, credential } = aView()
  const { id } = organization()
  let failures = 1
  const failing: Accounts = {
    ...accounts,
    close: async () => undefined,
    grant: (user, grants) => (failures-- > 0 ? Promise.reject(new Error('no broker')) : accounts.grant(user, grants)),
  }
  const follower = followControl({ view, accounts: failing, clock, logger })
  await follower.reconciled(id)
  const made = credential(id)
  await expect(follower.reconciled(id)).rejects.toThrow('no broker')
  await follower.reconciled(id)
  expect((await accounts.listGrants()).get(made.username)).toHaveLength(8)
  await follower.close()
})

it('credentials of one direction share the byte rate of the plan', () => {
  const { organization, credential } = aView()
  const owner = organization({ plan: 'BASIC' })
  const credentials = [credential(owner.id, 'produce'), credential(owner.id, 'both'), credential(owner.id, 'consume')]
  expect([...ratesOf(owner, credentials).values()]).toEqual([
    { produce: 524_288, consume: null },
    { produce: 524_288, consume: 524_288 },
    { produce: null, consume: 524_288 },
  ])
})
