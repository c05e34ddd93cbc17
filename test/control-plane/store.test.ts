import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ControlLog, ControlLogError } from '../../src/control-plane/store/control-log.ts'
import { createControlStore } from '../../src/control-plane/store/store.ts'
import type { ApiKey } from '../../src/model/api-keys.ts'
import { ClarionError } from '../../src/model/codes.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../topics/audit-changes.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'
import { type ControlProcess, clock, openControlProcess, random } from './control-plane-harness.ts'

let one: ControlProcess
let other: ControlProcess
let runtime: TestRuntime
beforeAll(async () => {
  one = await openControlProcess()
  other = await openControlProcess()
  runtime = await testRuntime()
})
afterAll(() => Promise.all([one?.close(), other?.close(), runtime?.close()]))

const unique = () => random.bytes(8).toString('hex')
const storeOf = (process: ControlProcess, log: ControlLog = process.log) =>
  createControlStore({ ...process, log, clock, random })

const keyOf = (organizationId: string, id: string, name: string): ApiKey => ({
  ...{ id, organizationId, revision: 1, createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
  ...{ name, environment: 'live', scopes: [], hash: unique(), hint: '', expiresAt: null },
})

const rowOf = (organizationId: string, id: string): ChangeRow => ({
  ...{
    id,
    organizationId,
    type: 'API_KEY_CREATED',
    entityType: 'key',
    entityId: id,
    canonicalName: null,
    actorId: 'operator',
  },
  ...{ occurredAtMs: 0, previousStatus: null, status: null, reason: null, requestId: null, data: '{}' },
})

/** Adds one to the number that a key is named by: a lost update would show. */
const increment =
  (organizationId: string) =>
  (view: ControlProcess['view'] | Parameters<Parameters<ReturnType<typeof storeOf>['change']>[1]>[0]) => {
    const next = String(Number(view.find('key', organizationId, 'counter')?.name ?? 0) + 1)
    return {
      records: [{ kind: 'key' as const, record: keyOf(organizationId, 'counter', next) }],
      changes: [],
      result: Number(next),
    }
  }

describe('the control store', () => {
  it('lets this process read a change when it is answered', async () => {
    const organizationId = unique()
    await storeOf(one).change(unique(), () => ({
      records: [{ kind: 'key', record: keyOf(organizationId, 'k', 'n') }],
      changes: [],
      result: 0,
    }))
    expect(one.view.find('key', organizationId, 'k')?.name).toBe('n')
  })

  it('loses no update when two processes change the same record at the same time', async () => {
    const organizationId = unique()
    const stores = [storeOf(one), storeOf(other)]
    const changes = Array.from({ length: 40 }, (_, n) => stores[n % 2]!.change(unique(), increment(organizationId)))
    const results = await Promise.all(changes)
    expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1))
  })

  it('decides each command of a batch on the state after the earlier ones, and commits them together', async () => {
    const organizationId = unique()
    let transactions = 0
    const counting: ControlLog = {
      transact(build) {
        transactions += 1
        return one.log.transact(build)
      },
    }
    const store = storeOf(one, counting)
    await Promise.all(Array.from({ length: 20 }, () => store.change(unique(), increment(organizationId))))
    expect(one.view.find('key', organizationId, 'counter')?.name).toBe('20')
    expect(transactions).toBeLessThanOrEqual(3)
  })

  it('does not make a change twice when the answer to its commit was lost', async () => {
    const organizationId = unique()
    let lost = 0
    const forgetful: ControlLog = {
      async transact(build) {
        const done = await one.log.transact(build)
        if (lost++ === 0) throw new ControlLogError('unknown', 'the answer was lost')
        return done
      },
    }
    expect(await storeOf(one, forgetful).change(unique(), increment(organizationId))).toBe(1)
    expect(one.view.find('key', organizationId, 'counter')?.name).toBe('1')
  })

  it('makes a change after all when its first transaction was aborted', async () => {
    const organizationId = unique()
    let calls = 0
    const failing: ControlLog = {
      transact: build =>
        calls++ === 0 ? Promise.reject(new ControlLogError('aborted', 'fenced')) : one.log.transact(build),
    }
    expect(await storeOf(one, failing).change(unique(), increment(organizationId))).toBe(1)
  })

  it('refuses on the newest state: what another process wrote before counts', async () => {
    const organizationId = unique()
    const taken = new ClarionError('conflict', 'taken')
    const claim = (name: string) => (view: { find: ControlProcess['view']['find'] }) => {
      if (view.find('key', organizationId, 'claim') !== undefined) throw taken
      return {
        records: [{ kind: 'key' as const, record: keyOf(organizationId, 'claim', name) }],
        changes: [],
        result: name,
      }
    }
    // The first has its writer open already; the second fences it.
    await storeOf(one).change(unique(), increment(organizationId))
    await storeOf(other).change(unique(), claim('other'))
    await expect(storeOf(one).change(unique(), claim('one'))).rejects.toBe(taken)
    expect(one.view.find('key', organizationId, 'claim')?.name).toBe('other')
  })

  it('announces a refusal, and changes nothing', async () => {
    const organizationId = unique()
    const id = unique()
    const refusal = new ClarionError('conflict', 'no')
    const records = [{ kind: 'key' as const, record: keyOf(organizationId, 'k', 'n') }]
    const refused = storeOf(one).change(unique(), () => ({
      records,
      changes: [rowOf(organizationId, id)],
      result: 0,
      refusal,
    }))
    await expect(refused).rejects.toBe(refusal)
    expect(one.view.find('key', organizationId, 'k')).toBeUndefined()
    const tail = runtime.tail(auditChanges.name, one.shardOf(organizationId))
    const ids = () => tail.records.flatMap(record => auditChangesCodec.decode(record.value!).changes).map(row => row.id)
    await tail.until(() => ids().includes(id))
    expect(ids().filter(each => each === id)).toHaveLength(1)
  })

  it('removes a record for every process', async () => {
    const organizationId = unique()
    await storeOf(one).change(unique(), increment(organizationId))
    await storeOf(other).change(unique(), () => ({
      records: [{ kind: 'key', remove: { organizationId, id: 'counter' } }],
      changes: [],
      result: 0,
    }))
    await one.view.waitFor(other.view.appliedOffset, 5_000)
    expect(one.view.find('key', organizationId, 'counter')).toBeUndefined()
    expect(one.view.list('key', organizationId)).toEqual([])
  })

  it('says service_unavailable when the topic cannot be written in time, after giving up', async () => {
    let nowMs = 0
    const hurried = { ...clock, monotonicMs: () => (nowMs += 10_000), sleep: () => Promise.resolve() }
    const broken: ControlLog = { transact: () => Promise.reject(new ControlLogError('aborted', 'no broker')) }
    const store = createControlStore({ ...one, log: broken, clock: hurried, random })
    await expect(store.change(unique(), increment(unique()))).rejects.toMatchObject({
      code: 'service_unavailable',
      retryAfterS: 1,
    })
  })
})
