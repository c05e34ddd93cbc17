import { describe, expect, it } from '@jest/globals'
import type { Owner } from '../../src/model/environments.ts'
import type { Workflow, WorkflowTrigger } from '../../src/model/workflows.ts'
import { imaginedEvent } from '../../src/workflows/imagined-event.ts'
import { createWorkflowIndex, whyNot } from '../../src/workflows/match.ts'
import { ownWorkflows, workflowIndex } from '../../src/workflows/own-workflows.ts'
import { parseTriggerEvent } from '../../src/workflows/trigger-event.ts'
import { workflowOf } from './workflow-records.ts'

const owner: Owner = { organizationId: 'org_a', environment: 'live' }
const latest = (fullName: string) => (fullName === 'shop.order_paid' ? '2.0.0' : undefined)

type EventTrigger = Extract<WorkflowTrigger, { kind: 'event' }>
const listening = (event: string, more: Partial<EventTrigger> = {}, workflow: Partial<Workflow> = {}): Workflow =>
  workflowOf({ ...workflow, trigger: { kind: 'event', event, version: 'latest', conditions: null, ...more } })

function emitted(name: string, payload: unknown = {}, version?: string, subject: string | null = null) {
  return imaginedEvent(owner, { event: parseTriggerEvent(name)!, version, subject, payload }, latest, 1_760_000_000_000)
}

function matches(workflows: Workflow[], { event, payload }: ReturnType<typeof emitted>): string[] {
  const matched = createWorkflowIndex(workflows).match(event, () => payload, latest)
  // The index and the explanation are two readings of one rule.
  for (const workflow of workflows)
    expect(whyNot(workflow, event, () => payload, latest) === undefined).toBe(matched.includes(workflow))
  return matched.map(({ name }) => name)
}

describe('a workflow is started', () => {
  it.each<[string, string, string, Partial<EventTrigger>]>([
    ['by the name of its event', 'shop.order_paid', 'shop.order_paid', {}],
    ['by the canonical name', 'TENANT_CUSTOM:org_a:shop.order_paid@2.0.0', 'shop.order_paid', {}],
    ['by the kind of a generic event', 'sku_reorder', 'sku_reorder', {}],
    ['by the selector of that kind', 'platformxe.generic#sku_reorder', 'sku_reorder', {}],
    ['by any generic event', 'platformxe.generic', 'sku_reorder', {}],
    ['by a built-in type', 'order.created', 'order.created', {}],
    ['by a lifecycle name', 'WEBHOOK_FAILING', 'WEBHOOK_FAILING', {}],
    ['by a name that nobody has registered', 'shop.unknown', 'shop.unknown', {}],
    ['by each version', 'shop.order_paid', 'shop.order_paid', { version: '*' }],
    ['by the version that it names', 'shop.order_paid', 'shop.order_paid', { version: '2.0.0' }],
  ])('%s', (_, event, name, more) => {
    expect(matches([listening(event, more, { name: 'w' })], emitted(name))).toEqual(['w'])
  })

  it('among others on the same event, each once, oldest first', () => {
    const workflows = ['a', 'b', 'c'].map(name => listening('sku_reorder', {}, { name }))
    expect(matches(workflows, emitted('sku_reorder'))).toEqual(['a', 'b', 'c'])
  })
})

describe('a workflow is not started', () => {
  it.each<[string, Workflow, ReturnType<typeof emitted>]>([
    ['other_trigger', workflowOf({ trigger: { kind: 'manual' } }), emitted('sku_reorder')],
    ['other_event', listening('shop.order_paid'), emitted('shop.order_made')],
    ['other_event', listening('sku_reorder'), emitted('platformxe.generic', { kind: 'other' })],
    ['other_event', listening('TENANT_CUSTOM:org_b:shop.order_paid@2.0.0'), emitted('shop.order_paid')],
    ['other_version', listening('shop.order_paid'), emitted('shop.order_paid', {}, '1.0.0')],
    ['other_version', listening('shop.order_paid', { version: '1.0.0' }), emitted('shop.order_paid')],
    ['not_deployed', listening('sku_reorder', {}, { deployed: null }), emitted('sku_reorder')],
    ['inactive', listening('sku_reorder', {}, { active: false }), emitted('sku_reorder')],
    ['condition_false', listening('sku_reorder', { conditions: leaf('payload.data.left', 'lt', 50) }), emitted('sku_reorder', { left: 50 })],
    ['condition_false', listening('shop.order_paid', { conditions: leaf('subject', 'equals', 'a') }), emitted('shop.order_paid', {}, undefined, 'b')],
  ])('%s', (reason, workflow, event) => {
    expect(whyNot(workflow, event.event, () => event.payload, latest)).toBe(reason)
    expect(matches([workflow], event)).toEqual([])
  }) // biome-ignore format: a table

  it('and its payload is not even parsed without conditions', () => {
    const { event } = emitted('sku_reorder')
    const unread = () => {
      throw new Error('read')
    }
    expect(createWorkflowIndex([listening('sku_reorder')]).match(event, unread, latest)).toHaveLength(1)
  })
})

function leaf(path: string, operator: string, value: unknown) {
  return { all: [{ path, operator, value }] }
}

describe('the index of an environment', () => {
  it('leaves out the other environment and what is deleted, and is made once for each change', () => {
    const workflows = [
      listening('sku_reorder', {}, { name: 'own' }),
      listening('sku_reorder', {}, { name: 'test', environment: 'test' }),
      listening('sku_reorder', {}, { name: 'gone', deletedAt: '2026-01-01T00:00:00.000Z' }),
    ]
    const view = { list: (() => workflows) as never }
    expect(ownWorkflows(view, owner).map(({ name }) => name)).toEqual(['own'])
    expect(workflowIndex(view, owner)).toBe(workflowIndex(view, owner))
    const changed = { list: (() => [...workflows]) as never }
    expect(workflowIndex(changed, owner)).not.toBe(workflowIndex(view, owner))
  })
})

describe('the event of a trigger', () => {
  it.each(['', '*', 'shop.*', 'shop.order@1.0.0', 'a b', 'a.b:c', 'TENANT_CUSTOM:org_a:shop.order', 'ß'])(
    'is exactly one: %j is none',
    text => expect(parseTriggerEvent(text)).toBeUndefined(),
  )
})
