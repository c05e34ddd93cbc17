/** A crash between an organization's topics and its record, and the repair by the next start. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createPartitions, type Partitions } from '../../src/control-plane/kafka/partitions.ts'
import { createAnnounce } from '../../src/control-plane/store/announce.ts'
import { createControlStore } from '../../src/control-plane/store/store.ts'
import { createIds } from '../../src/model/ids.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { type ControlProcess, clock, openControlProcess, random } from '../control-plane/control-plane-harness.ts'

const ids = createIds({ clock, random })
const caller = { actorId: 'system', requestId: 'req_1' }
let process: ControlProcess
let partitions: Partitions
let store: ReturnType<typeof createControlStore>
beforeAll(async () => {
  process = await openControlProcess()
  store = createControlStore({ ...process, clock, random })
  partitions = createPartitions({ ...process, store, ids, clock, announce: createAnnounce({ ids, clock }) })
})
afterAll(() => process?.close())

/** Whole, since the operator's list of the run shows it too. */
async function anOrganization(): Promise<Organization> {
  const id = ids.next('org')
  const madeAt = new Date(clock.nowMs()).toISOString()
  const record: Organization = {
    ...{ id, organizationId: id, revision: 1, createdAt: madeAt, updatedAt: madeAt },
    ...{ slug: id, name: id, ownerEmail: null, namespaceAllowlist: [] },
    plan: 'ENTERPRISE',
    status: 'active',
    partitions: 1,
    testEnvironment: false,
  }
  await process.provisioning.createOrganizationTopics(record)
  await store.change(ids.next('chg'), () => ({
    records: [{ kind: 'organization', record }],
    changes: [],
    result: undefined,
  }))
  return record
}

it('partitions that the ingress got before a crash are read after the next start, and the log has them too', async () => {
  const { id } = await anOrganization()
  await process.provisioning.growOrganizationTopics({ id, partitions: 4 }, 'live')
  expect(process.view.organization(id)?.partitions).toBe(1)
  expect(await partitions.align(caller)).toBeGreaterThanOrEqual(1)
  expect(process.view.organization(id)?.partitions).toBe(4)
  expect(await partitions.align(caller)).toBe(0)
})

it('growing again after half of it was done ends where it should', async () => {
  const { id } = await anOrganization()
  await process.provisioning.growOrganizationTopics({ id, partitions: 2 }, 'live')
  expect((await partitions.grow(caller, id, 4)).partitions).toBe(4)
  expect((await process.provisioning.ingressPartitions([id, 'org_none'], 'live')).get(id)).toBe(4)
  expect((await partitions.grow(caller, id, 4)).revision).toBe(2)
})
