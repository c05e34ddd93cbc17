/** Removals by the clock in the control plane, on the real broker, with a clock that the test moves and processes that come and go. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createControlPlane } from '../../src/control-plane/control-plane.ts'
import { CLEARED_AFTER_MS, createClearing, PAGE_RECORDS } from '../../src/control-plane/retention/clearing.ts'
import {
  createExpiredRecords,
  ENDED_REPLAY_RETENTION_MS,
  EXPIRED_KEY_RETENTION_MS,
} from '../../src/control-plane/retention/expired-records.ts'
import { createRetention } from '../../src/control-plane/retention/retention.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { auditChanges, auditChangesCodec } from '../../topics/audit-changes.ts'
import { control } from '../../topics/control.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { readToEnd } from '../support/ledger.ts'
import { until } from '../support/until.ts'
import { type ControlProcess, openControlProcess, random } from './control-plane-harness.ts'
import { caller, countsOf, fill, grown, mine, movable, partOf, topicsOf } from './retention-parts.ts'

let one: ControlProcess
let other: ControlProcess
beforeAll(async () => {
  one = await openControlProcess()
  other = await openControlProcess()
})
afterAll(() => Promise.all([one?.close(), other?.close()]))

describe('the remains of a deleted organization', () => {
  it('goes a quarter of an hour later, a page per transaction, with its topics; its own record stays, and keeps the slug', async () => {
    const time = movable()
    const part = partOf(one, time)
    const { id, slug } = await grown(part)
    await part.plane.organizations.delete(caller, id)
    const left = countsOf(one, id)
    const clearing = createClearing(part)
    time.ahead(CLEARED_AFTER_MS - 10_000)
    await clearing.clearDue()
    expect(countsOf(one, id)).toEqual(left)
    expect(await topicsOf(one, id)).toHaveLength(4)
    time.ahead(11_000)
    part.transactions.length = 0
    await clearing.clearDue()
    clearing.close()
    expect(countsOf(one, id)).toEqual({})
    expect(Math.max(...part.written())).toBeLessThanOrEqual(PAGE_RECORDS)
    expect(part.written().reduce((sum, count) => sum + count, 0)).toBe(
      Object.values(left).reduce((sum, count) => sum + count, 0) + 1,
    )
    expect(
      await until(
        () => topicsOf(one, id),
        topics => topics.length === 0,
      ),
    ).toEqual([])
    expect(one.view.organization(id)).toMatchObject({
      status: 'deleted',
      slug,
      ownerEmail: null,
      clearedAt: expect.any(String),
    })
    await expect(part.plane.organizations.create(caller, { name: 'Again', slug })).rejects.toMatchObject({
      code: 'slug_taken',
    })
  }, 60_000)

  it('is written down once, whichever process comes second, and another round finds nothing', async () => {
    const time = movable()
    const [first, second] = [partOf(one, time), partOf(other, time)]
    const { id } = await grown(first)
    await first.plane.organizations.delete(caller, id)
    await other.view.waitFor(one.view.appliedOffset, 10_000)
    const clearings = [createClearing(first), createClearing(second)]
    time.ahead(CLEARED_AFTER_MS)
    const before = countsOf(one, id)
    const from = one.view.appliedOffset
    for (const part of [first, second]) part.transactions.length = 0
    await Promise.all(clearings.map(clearing => clearing.clearDue()))
    const tombstones = (await readToEnd(one.kafka, control.name, 0)).filter(
      ({ key, value, offset }) => offset > from && value === null && String(key).includes(id),
    )
    expect(tombstones).toHaveLength(Object.values(before).reduce((sum, count) => sum + count, 0))
    expect(new Set(tombstones.map(({ key }) => String(key))).size).toBe(tombstones.length)
    await other.view.waitFor(one.view.appliedOffset, 10_000)
    for (const part of [first, second]) part.transactions.length = 0
    await Promise.all(clearings.map(clearing => clearing.clearDue()))
    expect([first.transactions, second.transactions]).toEqual([[], []])
    for (const clearing of clearings) clearing.close()
  }, 60_000)

  it('goes on where a process died between two steps: pages, topics, the last record', async () => {
    const time = movable()
    const part = partOf(one, time)
    const { id } = await grown(part)
    await part.plane.organizations.delete(caller, id)
    time.ahead(CLEARED_AFTER_MS)
    const dying = (step: string) => new Error(`died at ${step}`)
    let pages = 0
    const afterOnePage = {
      change: (...call: Parameters<typeof part.store.change>) =>
        pages++ > 0 ? Promise.reject(dying('a page')) : part.store.change(...call),
    }
    await expect(createClearing({ ...part, store: afterOnePage as typeof part.store }).clearDue()).rejects.toThrow(
      'a page',
    )
    expect(Object.values(countsOf(one, id)).length).toBeGreaterThan(0)
    const noTopics = { deleteOrganizationTopics: () => Promise.reject(dying('topics')) }
    await expect(createClearing({ ...part, provisioning: noTopics }).clearDue()).rejects.toThrow('topics')
    expect(countsOf(one, id)).toEqual({})
    const onlyTopics = { change: () => Promise.reject(dying('the word')) }
    await expect(createClearing({ ...part, store: onlyTopics }).clearDue()).rejects.toThrow('the word')
    expect(one.view.organization(id)?.clearedAt).toBeUndefined()
    const fresh = await openControlProcess()
    const next = createClearing(partOf(fresh, time))
    await next.clearDue()
    next.close()
    expect(fresh.view.organization(id)?.clearedAt).toEqual(expect.any(String))
    expect(countsOf(fresh, id)).toEqual({})
    expect(
      await until(
        () => topicsOf(fresh, id),
        topics => topics.length === 0,
      ),
    ).toEqual([])
    await fresh.close()
  }, 60_000)

  it('is cleared though the topics of another one cannot be deleted, which is reported', async () => {
    const time = movable()
    const part = partOf(one, time)
    const [stuck, well] = [await grown(part), await grown(part)]
    for (const { id } of [stuck, well]) await part.plane.organizations.delete(caller, id)
    time.ahead(CLEARED_AFTER_MS)
    const provisioning = {
      async deleteOrganizationTopics(ids: readonly string[]) {
        if (ids.includes(stuck.id)) throw new Error('a topic is in use')
        await part.provisioning.deleteOrganizationTopics(ids)
      },
    }
    const clearing = createClearing({ ...part, provisioning })
    await expect(clearing.clearDue()).rejects.toThrow('a topic is in use')
    clearing.close()
    expect(one.view.organization(well.id)?.clearedAt).toEqual(expect.any(String))
    expect(one.view.organization(stuck.id)?.clearedAt).toBeUndefined()
    const next = createClearing(part)
    await next.clearDue()
    next.close()
    expect(one.view.organization(stuck.id)?.clearedAt).toEqual(expect.any(String))
  }, 60_000)

  it('is removed by rounds, until they are closed; a cluster that deletes no topics keeps the records from nothing', async () => {
    const time = movable()
    const hand = createManualClock()
    const part = partOf(one, time)
    const warnings: unknown[] = []
    const logger = { warn: (...line: unknown[]) => void warnings.push(line) } as never
    const denied = { deleteOrganizationTopics: () => Promise.reject(new Error('the platform may delete no topics')) }
    const { id } = await grown(part)
    const rounds = createRetention({
      ...part,
      provisioning: denied,
      logger,
      clock: { ...time, after: hand.after },
    }).start()
    await part.plane.organizations.delete(caller, id)
    time.ahead(CLEARED_AFTER_MS)
    hand.advance(90_000)
    await until(
      async () => warnings,
      lines => lines.length > 0,
    )
    expect(countsOf(one, id)).toEqual({})
    await until(
      async () => hand.pending(),
      pending => pending > 0,
    )
    hand.advance(90_000)
    await until(
      async () => hand.pending(),
      pending => pending > 0,
    )
    expect(warnings).toHaveLength(1)
    await rounds.close()
    expect(hand.pending()).toBe(0)
    const last = createClearing(part)
    await last.clearDue()
    last.close()
    expect(one.view.organization(id)?.clearedAt).toEqual(expect.any(String))
  }, 60_000)
})

it('an organization that is refused leaves no topics', async () => {
  const part = partOf(one, movable())
  const slug = `taken-${random.bytes(4).toString('hex')}`
  const made: string[] = []
  const provisioning = {
    ...part.provisioning,
    async createOrganizationTopics(organization: { id: string; partitions: number }) {
      await part.provisioning.createOrganizationTopics(organization)
      // Somebody is quicker.
      if (made.push(organization.id) === 1)
        await partOf(other, movable()).plane.organizations.create(caller, { name: 'Quick', slug })
    },
  }
  const plane = createControlPlane({
    ...{
      ...part,
      view: one.view,
      provisioning,
      checkUrl: () => undefined,
      validators: createValidators({ cacheMax: 10 }),
    },
    secretKey: 'a secret of the tests',
  })
  await expect(plane.organizations.create(caller, { name: 'Slow', slug })).rejects.toMatchObject({ code: 'slug_taken' })
  expect(
    await until(
      () => topicsOf(one, made[0]!),
      topics => topics.length === 0,
    ),
  ).toEqual([])
}, 60_000)

describe('of a living organization', () => {
  it('a key goes thirty days after it expired, which the audit trail has, and a replay as long after its end as its attempts are kept', async () => {
    const time = movable()
    const part = partOf(one, time)
    const { organization } = await part.plane.organizations.create(caller, { name: 'Living' })
    const { id } = organization
    mine.add(id)
    const expiresAt = new Date(time.nowMs() + 60_000).toISOString()
    const { key } = await part.plane.keys.create(caller, id, {
      name: 'short',
      environment: 'live',
      scopes: ['events:read'],
      expiresAt,
    })
    await fill(part.store, id, 'replay', 1, { endedAt: expiresAt, state: 'completed' })
    await fill(part.store, id, 'federation-group', 1, { status: 'archived' })
    const expired = createExpiredRecords(part)
    const names = () => one.view.list('key', id).map(({ name }) => name)
    time.ahead(EXPIRED_KEY_RETENTION_MS)
    await expired.removeDue()
    expect(names()).toEqual(['first key', 'short'])
    time.ahead(61_000)
    await expired.removeDue()
    expect(names()).toEqual(['first key'])
    expect(one.view.list('replay', id)).toHaveLength(1)
    time.ahead(ENDED_REPLAY_RETENTION_MS - EXPIRED_KEY_RETENTION_MS)
    await expired.removeDue()
    expect(countsOf(one, id)).toEqual({ key: 1, registration: 1, 'federation-group': 1 })
    const rows = (await readToEnd(one.kafka, auditChanges.name, one.shardOf(id))).flatMap(
      ({ value }) => auditChangesCodec.decode(value!).changes,
    )
    expect(rows.filter(({ entityId, type }) => entityId === key.id && type === 'API_KEY_DELETED')).toMatchObject([
      { actorId: 'system', reason: 'expired' },
    ])
    part.transactions.length = 0
    await expired.removeDue()
    expect(part.transactions).toEqual([])
  }, 60_000)
})
