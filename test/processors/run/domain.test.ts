/** The reference domain in its shard: what is answered has committed, and each transition is announced once, whatever crashes. */
import { describe, expect, it } from '@jest/globals'
import { createMemoryRun, type MemoryRun } from './memory-run.ts'

const ORDER = { name: 'order.create', body: '{"customer_id":"c1","items":[{"sku":"a","quantity":1}]}' }
const CLUSTER = { name: 'cluster.create', body: '{"name":"web","node_count":19}' }

/** The answers so far, by number of the call. */
function answers(memory: MemoryRun) {
  return new Map(memory.answers('api_x').map(({ correlation, kind, value }) => [correlation, { kind, value }]))
}

/** Types of the events, each id once: `admit` takes a second record with an id for a repetition. */
function announced(memory: MemoryRun): string[] {
  const emits = memory.emits()
  expect(new Set(emits.map(({ id }) => id)).size).toBe(emits.length)
  return emits.map(({ type }) => type)
}

async function made(memory: MemoryRun, command: { name: string; body: string }, correlation: number): Promise<string> {
  memory.domain(command, correlation)
  await memory.settle()
  return answers(memory).get(correlation)!.value.body.id
}

describe('a call', () => {
  it('is answered in the transaction of its change, and of a crash before it nothing is left', async () => {
    const memory = createMemoryRun()
    memory.domain(ORDER, 1)
    memory.read()
    memory.crash()
    expect([memory.emits().length, answers(memory).size]).toEqual([0, 0])
    await memory.settle()
    expect(answers(memory).get(1)).toMatchObject({
      kind: 'responded',
      value: { status: 201, body: { customer_id: 'c1', status: 'created', revision: 1 } },
    })
    expect(announced(memory)).toEqual(['order.created'])
  })

  it('that is repeated with its key changes nothing more, before and behind a crash; with other content it is refused', async () => {
    const memory = createMemoryRun()
    const keyed = { ...CLUSTER, idempotencyKey: 'k1' }
    const id = await made(memory, keyed, 1)
    expect(await made(memory, keyed, 2)).toBe(id)
    memory.crash()
    expect(await made(memory, keyed, 3)).toBe(id)
    memory.domain({ ...keyed, body: '{"name":"api","node_count":3}' }, 4)
    memory.domain({ ...keyed, environment: 'test' }, 5)
    await memory.settle()
    expect(answers(memory).get(4)).toMatchObject({ kind: 'refused', value: { code: 'idempotency_key_conflict' } })
    expect(answers(memory).get(5)!.value.body.id).not.toBe(id)
    expect(announced(memory)).toEqual(['resource.created', 'resource.created'])
  })

  it('that is refused says why, and changes nothing', async () => {
    const memory = createMemoryRun()
    const id = await made(memory, CLUSTER, 1)
    memory.domain({ name: 'cluster.scale', id, body: '{"node_count":21}' }, 2)
    memory.domain({ name: 'cluster.scale', id, body: '{"delta":1}', expectedRevision: 9 }, 3)
    memory.domain({ name: 'cluster.get', id: 'clu_none' }, 4)
    memory.domain({ name: 'cluster.get', id, environment: 'test' }, 5)
    memory.domain({ name: 'cluster.get', id, organizationId: 'org_b' }, 6)
    await memory.settle()
    expect([2, 3, 4, 5, 6].map(n => answers(memory).get(n)!.value.code)).toEqual([
      ...['node_count_out_of_bounds', 'revision_conflict', 'not_found', 'not_found', 'not_found'],
    ])
    expect(announced(memory)).toEqual(['resource.created'])
  })
})

describe('a transition by time', () => {
  it('happens once at its time, though the shard crashes before and behind each commit', async () => {
    const memory = createMemoryRun()
    const id = await made(memory, ORDER, 1)
    for (let n = 0; n < 30; n++) {
      memory.clock.advance(100)
      await memory.breathe()
      // Half of the crashes come before what is due has committed.
      if (n % 2 === 0) await memory.settle()
      memory.crash()
    }
    await memory.settle()
    memory.domain({ name: 'order.get', id }, 2)
    await memory.settle()
    expect(answers(memory).get(2)!.value.body).toMatchObject({ status: 'provisioned', resources: [{ kind: 'server' }] })
    expect(announced(memory)).toEqual(['order.created', 'resource.created', 'order.provisioned'])
  })

  it('that was due while nobody ran the shard happens at once', async () => {
    const memory = createMemoryRun()
    const id = await made(memory, CLUSTER, 1)
    memory.domain({ name: 'cluster.scale', id, body: '{"delta":5}' }, 2)
    await memory.settle()
    memory.stop()
    memory.clock.advance(3_600_000)
    memory.crash()
    memory.clock.advance(1)
    await memory.settle()
    memory.domain({ name: 'cluster.get', id }, 3)
    await memory.settle()
    expect(answers(memory).get(3)!.value.body).toMatchObject({ status: 'ready', node_count: 20 })
  })
})

describe('a deleted organization', () => {
  it('has no records and no transitions any more', async () => {
    const memory = createMemoryRun()
    const id = await made(memory, ORDER, 1)
    memory.control('organization', { ...memory.organization, status: 'deleted' } as never)
    await memory.settle()
    memory.crash()
    memory.clock.advance(10_000)
    memory.domain({ name: 'order.get', id }, 2)
    await memory.settle()
    expect(answers(memory).get(2)!.value.code).toBe('not_found')
    expect(announced(memory)).toEqual(['order.created'])
  })
})

describe('a step', () => {
  const scale = {
    actions: [
      { key: 'scale', type: 'scale_cluster', with: { clusterId: '{{$param.cluster_id}}', delta: 2, max: 20 } },
      {
        key: 'changed',
        type: 'condition',
        with: { conditions: [{ left: "{{$action['scale'].changed}}", operator: 'equals', right: true }] },
      },
    ],
  }

  it('that scales from 19 says 20, at 20 changes nothing; its event goes on with the chain of the run', async () => {
    const memory = createMemoryRun()
    const id = await made(memory, CLUSTER, 1)
    const workflow = memory.deploy({ actions: scale.actions.slice(0, 1) })
    for (let n = 0; n < 2; n++) {
      memory.event([workflow], { cluster_id: id }, { depth: 3, path: ['wf_before'] })
      await memory.settle()
      memory.crash()
      memory.clock.advance(2_000)
      await memory.settle()
    }
    expect(memory.steps().map(({ output }) => JSON.parse(output!))).toEqual([
      { previous: 19, current: 20, changed: true, name: 'web' },
      { previous: 20, current: 20, changed: false, name: 'web' },
    ])
    expect(announced(memory)).toEqual(['resource.created', 'resource.status_changed', 'resource.status_changed'])
    for (const emit of memory.emits().slice(1))
      expect(emit).toMatchObject({
        depth: 4,
        path: ['wf_before', workflow.id],
        rootEventId: expect.stringMatching(/^evt_/),
      })
  })

  it('that makes an invoice makes it once, with the next number, whatever crashes', async () => {
    const memory = createMemoryRun()
    const lines = [{ sku: 'a', quantity: 3, unitPrice: '19.99' }]
    const invoice = { key: 'invoice', type: 'create_invoice', with: { customerId: 'c1', currency: 'EUR', lines } }
    const workflow = memory.deploy({ actions: [invoice] })
    for (let n = 0; n < 3; n++) {
      memory.event([workflow])
      memory.read()
      await memory.breathe()
      memory.crash()
      await memory.settle()
      memory.crash()
    }
    await memory.settle()
    expect(memory.steps().map(({ output }) => JSON.parse(output!).number)).toEqual([1, 2, 3])
    expect(memory.steps()[0]).toMatchObject({ output: expect.stringContaining('"total":59.97') })
    expect(announced(memory)).toEqual(Array(3).fill('invoice.generated'))
  })

  it('fails with the code of the refusal', async () => {
    const memory = createMemoryRun()
    const workflow = memory.deploy({ actions: scale.actions.slice(0, 1) })
    memory.event([workflow], { cluster_id: 'clu_none' })
    await memory.settle()
    expect(memory.ended()).toMatchObject([{ status: 'failed', errorCode: 'not_found' }])
  })
})
