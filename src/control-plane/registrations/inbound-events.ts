/** Events that peers share with an organization: not its registrations, but shapes that it receives. */

import type { FederationMember, FederationPush } from '../../model/federation.ts'
import type { FederationReading } from '../../model/federation-view.ts'
import { canonicalName } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import { dialectOf } from '../../registry/dialect.ts'

/** A registration's fields, as far as an inbound shape has them; read-only. */
export type InboundEvent = Omit<Registration, 'status' | 'semverBump' | 'idempotencyKey'> & {
  status: 'federated'
  semverBump: null
  federation: { groupId: string; memberId: string; pushId: string }
}

/** By accepted membership, in the order of the pushes. */
export function inboundEvents(
  { federation }: { federation: FederationReading },
  organizationId: string,
): InboundEvent[] {
  return federation
    .memberships(organizationId)
    .filter(({ status, groupId }) => status === 'accepted' && federation.group(groupId)?.status === 'active')
    .flatMap(member =>
      federation
        .pushes(member.groupId)
        .filter(push => push.isActive)
        .map(push => inboundEvent(organizationId, member, push)),
    )
}

function inboundEvent(organizationId: string, member: FederationMember, push: FederationPush): InboundEvent {
  const { name, version, revision, schemaSnapshot, schemaHash, pushedAt, updatedAt } = push
  const namespace = member.inboundNamespace ?? push.namespace
  return {
    ...{ id: push.id, organizationId, revision, createdAt: pushedAt, updatedAt, namespace, name, version },
    canonicalName: canonicalName(organizationId, `${namespace}.${name}`, version),
    ...{ status: 'federated', description: null, payloadSchema: schemaSnapshot, payloadExample: null, schemaHash },
    ...{
      schemaFlavour: dialectOf(schemaSnapshot),
      semverBump: null,
      registeredBy: 'federation',
      publishedAt: pushedAt,
      archivedAt: null,
    },
    federation: { groupId: push.groupId, memberId: member.id, pushId: push.id },
  }
}
