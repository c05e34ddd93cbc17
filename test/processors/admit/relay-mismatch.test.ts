/** An event whose schema is not the shared one: its relays fail, and both sides are noted. */
import { expect, it } from '@jest/globals'
import { createFederate } from '../../../processors/admit/federate.ts'
import { createWaitingRelays } from '../../../processors/admit/waiting-relays.ts'
import type { FailedRelay } from '../../../src/control-plane/drift/relay-mismatch.ts'
import type { RelayRow } from '../../../topics/audit-relays.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { createWorld, MEMBERS, SHARD, SHARDS, SOURCE } from './large-federation-world.ts'

const event = {
  ...{ organizationId: SOURCE, environment: 'live', eventId: 'evt_1', emitId: 'cee_1', rootEventId: 'evt_1' },
  ...{ type: 'acme.order', canonicalName: `TENANT_CUSTOM:${SOURCE}:acme.order@1.0.0`, schemaVersion: '1.0.0' },
  ...{ federation: null, depth: 0, path: [], schemaHash: 'hash' },
} as unknown as EventFacts

function relayed(schemaHash: string) {
  const { view } = createWorld()
  const rows: RelayRow[] = []
  const failed: FailedRelay[] = []
  const federate = createFederate({
    ...{ view, shards: SHARDS, shard: SHARD, waiting: createWaitingRelays() },
    lifecycle: { isNamed: () => false } as never,
    log: { add: (row: RelayRow) => void rows.push(row) } as never,
    noteMismatch: relay => void failed.push(relay),
  })
  federate.accept({ ...event, schemaHash }, Buffer.from('{}'), 0)
  return { rows, failed }
}

it('each failed relay is noted for the owner and its member', () => {
  const { rows, failed } = relayed('another')
  const broken = rows.filter(({ lastError }) => lastError === 'schema_snapshot_mismatch')
  expect(broken.length).toBeGreaterThan(MEMBERS / 10)
  expect(failed).toHaveLength(broken.length)
  expect(failed[0]).toMatchObject({
    ...{ push: { namespace: 'acme', schemaHash: 'hash' }, schemaHash: 'another' },
    organizationIds: [SOURCE, broken[0]!.memberOrganizationId],
  })
})

it('of the shared schema none is', () => expect(relayed('hash').failed).toEqual([]))
