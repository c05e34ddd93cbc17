/** Lifecycle events of the control plane: in the transaction of each change, to subscribers, and to an organization that ends. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ControlPlane, createControlPlane } from '../../src/control-plane/control-plane.ts'
import type { Caller } from '../../src/control-plane/store/announce.ts'
import { namesOf } from '../../src/control-plane/store/lifecycle-names.ts'
import { createIds } from '../../src/model/ids.ts'
import type { QueueRecord } from '../../src/model/queues.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import type { Workflow } from '../../src/model/workflows.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../topics/platform-emits.ts'
import { readToEnd } from '../support/ledger.ts'
import { workflowOf } from '../workflows/workflow-records.ts'
import { type ControlProcess, clock, openControlProcess, random } from './control-plane-harness.ts'

let process: ControlProcess
let plane: ControlPlane
beforeAll(async () => {
  process = await openControlProcess()
  const checks = {
    checkUrl: () => undefined,
    validators: createValidators({ cacheMax: 10 }),
    secretKey: 'a secret of the tests',
  }
  plane = createControlPlane({
    ...process,
    ...checks,
    ids: createIds({ clock, random }),
    clock,
    random,
    timeScale: 0.02,
  })
})
afterAll(() => process?.close())

const caller: Caller = { actorId: 'operator', requestId: 'req_1' }
const LIVE = 'live' as const
const listen = (organizationId: string, events: string[]) =>
  plane.webhooks.create(caller, { organizationId, environment: LIVE }, { url: 'https://a.example/', events })

/** The committed platform emits for the organization until now. */
async function emitted(organizationId: string): Promise<PlatformEmit[]> {
  const records = await readToEnd(process.kafka, platformEmits.name, process.shardOf(organizationId))
  return records
    .map(({ value }) => platformEmitCodec.decode(value!))
    .filter(each => each.organizationId === organizationId)
}

const NOTHING = { webhooks: [], organization: undefined, workflows: [], queues: [] }

describe('the names that webhooks listen to', () => {
  const webhook = (environment: 'live' | 'test', ...events: string[]) => ({ environment, events }) as Webhook
  const names = (webhooks: Webhook[]) => {
    const { live, test } = namesOf({ ...NOTHING, webhooks })
    return { live: [...live], test: [...test] }
  }

  it('are exact ones alone, short or canonical, by environment', () => {
    const listed = [
      webhook('live', '*', 'order.*', 'order.created', 'InstanceCreated', 'WEBHOOK_CREATED'),
      webhook('live', 'PLATFORM_LIFECYCLE:org_1:QUOTA_WARNING@1', 'PLATFORM:org_1:order.created@1'),
      webhook('test', 'WEBHOOK_DELETED', 'TENANT_CUSTOM:org_1:a.b@1.0.0'),
    ]
    expect(names(listed)).toEqual({ live: ['WEBHOOK_CREATED', 'QUOTA_WARNING'], test: ['WEBHOOK_DELETED'] })
    expect(names([])).toEqual({ live: [], test: [] })
  })

  it('are those that live workflows start by, too', () => {
    const trigger = { kind: 'event', event: 'WEBHOOK_FAILING', version: 'latest', conditions: null } as const
    const workflow = workflowOf({ trigger })
    const live = (...workflows: Workflow[]) => [...namesOf({ ...NOTHING, workflows }).live]
    expect(live(workflow)).toEqual(['WEBHOOK_FAILING'])
    expect(live({ ...workflow, active: false }, { ...workflow, deployed: null })).toEqual([])
    expect(live({ ...workflow, environment: 'test' }, { ...workflow, trigger: { kind: 'manual' } })).toEqual([])
  })

  it('are those that queues select, too', () => {
    const queue = { environment: 'live', selectors: ['*', 'WEBHOOK_FAILING'] } as QueueRecord
    const { live, test } = namesOf({ ...NOTHING, queues: [queue] })
    expect([[...live], [...test]]).toEqual([['WEBHOOK_FAILING'], []])
  })
})

describe('a change', () => {
  it('without a subscriber is in the audit alone; one that a webhook names is emitted with it', async () => {
    const { organization } = await plane.organizations.create(caller, { name: 'Told' })
    const { webhook } = await listen(organization.id, ['WEBHOOK_CREATED', 'WEBHOOK_UPDATED'])
    await plane.webhooks.patch(caller, { organizationId: organization.id, environment: LIVE }, webhook.id, {
      name: 'n',
    })
    await plane.webhooks.delete(caller, { organizationId: organization.id, environment: LIVE }, webhook.id)
    const all = await emitted(organization.id)
    expect(all.map(({ type, subject, kind }) => [type, subject, kind])).toEqual([
      ['WEBHOOK_CREATED', webhook.id, 'lifecycle'],
      ['WEBHOOK_UPDATED', webhook.id, 'lifecycle'],
    ])
    expect(new Set(all.map(({ id }) => id)).size).toBe(2)
  })
})

describe('the list of an organization', () => {
  it('names lifecycle events beside the webhooks, for one environment, until it is replaced', async () => {
    const { organization } = await plane.organizations.create(caller, { name: 'Listing' })
    const owner = { organizationId: organization.id, environment: LIVE }
    expect(await plane.lifecycleNames.set(caller, owner, ['WEBHOOK_UPDATED', 'WEBHOOK_DELETED'])).toEqual([
      ...['WEBHOOK_DELETED', 'WEBHOOK_UPDATED'],
    ])
    expect(plane.lifecycleNames.of({ ...owner, environment: 'test' })).toEqual([])
    const { webhook } = await listen(organization.id, ['WEBHOOK_CREATED'])
    await plane.webhooks.patch(caller, owner, webhook.id, { name: 'n' })
    await plane.lifecycleNames.set(caller, owner, [])
    await plane.webhooks.patch(caller, owner, webhook.id, { name: 'm' })
    expect((await emitted(organization.id)).map(({ type }) => type)).toEqual(['WEBHOOK_CREATED', 'WEBHOOK_UPDATED'])
    await expect(plane.lifecycleNames.set(caller, owner, ['WEBHOOK_UPDATED', 'order.created'])).rejects.toMatchObject({
      ...{ code: 'invalid_event_selector', details: [{ path: '/names/1' }] },
    })
  })
})

describe('an organization that is suspended', () => {
  it('has a built-in event of it in its log, although nobody selects it', async () => {
    const { organization } = await plane.organizations.create(caller, { name: 'Unheard' })
    await plane.organizations.suspend(caller, organization.id)
    expect((await emitted(organization.id)).map(({ type, kind }) => [type, kind])).toEqual([
      ['tenant.suspended', 'builtin'],
    ])
  })
})

describe('an organization that is deleted', () => {
  it('keeps the webhooks that select the deletion, and no others, for the grace period and over a restart', async () => {
    const { organization } = await plane.organizations.create(caller, { name: 'Gone', plan: 'PRO' })
    const told = await Promise.all(
      [['tenant.*'], ['TenantDeleted'], ['*'], ['ORGANIZATION_DELETED']].map(events => listen(organization.id, events)),
    )
    await listen(organization.id, ['platformxe.generic'])
    const first = plane.deletionGrace.start()
    await plane.organizations.delete(caller, organization.id)
    const left = () => process.view.webhooks(organization.id).map(({ id }) => id)
    expect(left().sort()).toEqual(told.map(({ webhook }) => webhook.id).sort())
    expect((await emitted(organization.id)).map(({ type }) => type)).toEqual(['ORGANIZATION_DELETED', 'tenant.deleted'])
    first.close()
    const second = plane.deletionGrace.start()
    const gone = new Promise<void>(resolve =>
      process.view.onChange(() => (left().length === 0 ? resolve() : undefined)),
    )
    await gone
    expect(left()).toEqual([])
    second.close()
  })
})
