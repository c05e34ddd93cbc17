/** Versions of workflows over time, and their bounds, with a clock that the test moves. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createExpiredRecords } from '../../src/control-plane/retention/expired-records.ts'
import { AFTER_LIVE_MS, VERSIONS_KEPT } from '../../src/control-plane/workflows/kept-versions.ts'
import { KEPT_BYTES_MAX, keptBytesOf } from '../../src/control-plane/workflows/workflow-plan.ts'
import type { ApiKey } from '../../src/model/api-keys.ts'
import type { Owner } from '../../src/model/environments.ts'
import { SCOPES } from '../../src/model/scopes.ts'
import { type ControlProcess, openControlProcess, random } from './control-plane-harness.ts'
import { caller, mine, movable, partOf } from './retention-parts.ts'

let one: ControlProcess
beforeAll(async () => {
  one = await openControlProcess()
})
afterAll(() => one?.close())

const KEY = { scopes: [...SCOPES] } as unknown as ApiKey
const HOUR_MS = 3_600_000
const definition = (reason: string) => ({ language: 1, actions: [{ key: 'end', type: 'stop', with: { reason } }] })

/** An organization with a workflow, and a way to deploy one definition after the other. */
async function deploying() {
  const time = movable()
  const part = partOf(one, time)
  const { plane } = part
  const { organization } = await plane.organizations.create(caller, { name: 'Flows', plan: 'PRO' })
  mine.add(organization.id)
  const owner: Owner = { organizationId: organization.id, environment: 'live' }
  const make = (content: unknown) =>
    plane.workflows.create(caller, owner, { name: 'w', trigger: { kind: 'manual' }, definition: content })
  const workflow = await make(definition('first'))
  const deploy = () => plane.deployments.deploy(caller, KEY, owner, workflow.id, {})
  /** Two definitions take turns. */
  const rollBack = (to: number) => plane.deployments.rollback(caller, KEY, owner, workflow.id, to)
  const versions = () =>
    one.view
      .list('workflow-version', owner.organizationId)
      .map(({ version }) => version)
      .sort((a, b) => a - b)
  return { part, time, plane, owner, make, workflow, deploy, rollBack, versions }
}

describe('the versions of a workflow', () => {
  it('are the newest 20, and each as long as a run may be on it', async () => {
    const { time, plane, owner, workflow, deploy, rollBack, versions } = await deploying()
    await deploy()
    await plane.drafts.save(caller, owner, workflow.id, { definition: definition('second') })
    await deploy()
    for (let version = 3; version <= VERSIONS_KEPT + 5; version++) await rollBack(version % 2 === 1 ? 1 : 2)
    expect(versions()).toHaveLength(VERSIONS_KEPT + 5)
    time.ahead(AFTER_LIVE_MS - HOUR_MS)
    await rollBack(VERSIONS_KEPT + 4)
    expect(versions()).toHaveLength(VERSIONS_KEPT + 6)
    time.ahead(2 * HOUR_MS)
    await rollBack(VERSIONS_KEPT + 5)
    // Versions 1 to 7 are beyond the newest 20, and were live more than 8 days ago.
    expect(versions()).toEqual(Array.from({ length: VERSIONS_KEPT }, (_, at) => at + 8))
    expect(one.view.find('workflow', owner.organizationId, workflow.id)).toMatchObject({
      ...{ firstVersion: 8, lastVersion: VERSIONS_KEPT + 7 },
    })
    await expect(rollBack(7)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('of a deleted workflow go with it, 8 days later', async () => {
    const { part, time, plane, owner, workflow, deploy, versions } = await deploying()
    await deploy()
    await plane.workflows.delete(caller, owner, workflow.id)
    const expired = createExpiredRecords(part)
    time.ahead(AFTER_LIVE_MS - HOUR_MS)
    await expired.removeDue()
    expect(versions()).toEqual([1])
    time.ahead(2 * HOUR_MS)
    await expired.removeDue()
    expect([versions(), one.view.list('workflow', owner.organizationId)]).toEqual([[], []])
    expired.close()
  })
})

describe('definitions', () => {
  it('take 32 MB of an organization at most, deflated; what is deleted makes room', async () => {
    const { owner, make, plane } = await deploying()
    /** Base64 hardly shrinks: some 60 KB are kept of each. */
    const large = () => ({ language: 1, noise: random.bytes(48_000).toString('base64') })
    const made: string[] = []
    const refused = await (async () => {
      for (;;)
        try {
          const batch = await Promise.all(Array.from({ length: 20 }, () => make(large())))
          made.push(...batch.map(({ id }) => id))
        } catch (error) {
          return error
        }
    })()
    expect(refused).toMatchObject({ code: 'workflow_quota_exceeded' })
    const used = keptBytesOf(one.view, owner.organizationId)
    expect(used).toBeLessThanOrEqual(KEPT_BYTES_MAX)
    expect(used).toBeGreaterThan(KEPT_BYTES_MAX - 100_000)
    await plane.workflows.delete(caller, owner, made[0]!)
    expect((await make(large())).draft?.revision).toBe(1)
  })
})
