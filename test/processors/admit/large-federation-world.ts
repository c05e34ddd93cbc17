/** A source with fifty groups of a hundred members in a control view, and a neighbour in its shard. */
import { type Clock, createSystemClock } from '../../../src/clock.ts'
import { createControlView } from '../../../src/control-plane/store/view-store.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import { control } from '../../../topics/control.ts'

const GROUPS = 50
const MEMBERS_PER_GROUP = 100
export const MEMBERS = GROUPS * MEMBERS_PER_GROUP
export const SHARDS = 8

export const clock: Clock = createSystemClock()

export const SOURCE = 'org_source'
export const SHARD = shardOf(SOURCE, SHARDS)
const elsewhere = (number: number) => {
  for (let tries = 0; ; tries++)
    if (shardOf(`org_${number}_${tries}`, SHARDS) !== SHARD) return `org_${number}_${tries}`
}
const neighbour = () => {
  for (let tries = 0; ; tries++)
    if (shardOf(`org_neighbour_${tries}`, SHARDS) === SHARD) return `org_neighbour_${tries}`
}
export const NEIGHBOUR = neighbour()
const CANONICAL = `TENANT_CUSTOM:${SOURCE}:acme.order@1.0.0`

/** The control plane: a source with fifty groups of a hundred members, and a neighbour in its shard. */
export function createWorld() {
  const view = createControlView({ clock })
  let offset = 0
  const put = (kind: string, record: { id: string; organizationId: string } & Record<string, unknown>) => {
    const key = Buffer.from(`${kind}/${record.organizationId}/${record.id}`)
    const value = Buffer.from(JSON.stringify({ createdAt: '2026-07-01T00:00:00.000Z', ...record }))
    view.apply({ topic: control.name, partition: 0, offset: offset++, timestampMs: 0, key, value, headers: {} })
  }
  for (const id of [SOURCE, NEIGHBOUR]) {
    const settings = { slug: id, plan: 'ENTERPRISE', status: 'active', partitions: 1, testEnvironment: false }
    put('organization', { id, organizationId: id, ...settings })
    const event = {
      namespace: 'acme',
      name: 'order',
      version: '1.0.0',
      schemaHash: 'hash',
      status: 'published',
      payloadSchema: {},
    }
    const canonicalName = `TENANT_CUSTOM:${id}:acme.order@1.0.0`
    put('registration', { id: `cer_${id}`, organizationId: id, ...event, canonicalName })
  }
  const group = (number: number, status: string) =>
    put('federation-group', { id: `cefg_${number}`, organizationId: SOURCE, status })
  const member = (number: number, status: string) => {
    const belongs = {
      organizationId: SOURCE,
      groupId: `cefg_${number % GROUPS}`,
      memberOrganizationId: elsewhere(number),
    }
    put('federation-member', { id: `cefm_${number}`, ...belongs, status, pauseReason: null, inboundNamespace: null })
  }
  const push = (number: number, isActive: boolean) => {
    const event = {
      namespace: 'acme',
      name: 'order',
      version: '1.0.0',
      schemaHash: 'hash',
      sourceCanonicalName: CANONICAL,
    }
    put('federation-push', {
      id: `cefp_${number}`,
      organizationId: SOURCE,
      groupId: `cefg_${number}`,
      ...event,
      isActive,
    })
  }
  for (let number = 0; number < GROUPS; number++) {
    group(number, 'active')
    push(number, true)
  }
  for (let number = 0; number < MEMBERS; number++) member(number, number === 7 ? 'paused' : 'accepted')
  return { view, group, push, member }
}
