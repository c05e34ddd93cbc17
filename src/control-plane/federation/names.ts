/**
 * The name under which an event arrives at a peer: the source's namespace, or the member's own inbound namespace, with
 * the peer's own id. Two streams with different schemas must not share a canonical name. See
 * docs/specification/federation.md#inbound-events.
 */
import { ClarionError } from '../../model/codes.ts'
import type { FederationMember, FederationPush } from '../../model/federation.ts'
import { canonicalName } from '../../model/names.ts'
import type { Organization } from '../../model/organizations.ts'
import type { DecisionView } from '../store/overlay.ts'

type Naming = Pick<DecisionView, 'event' | 'federation'>
type Versioned = Pick<FederationPush, 'namespace' | 'name' | 'version' | 'schemaHash'>
type Inbound = Pick<FederationMember, 'memberOrganizationId' | 'inboundNamespace'>

/** `<namespace>.<name>` at the peer. */
export const inboundType = (
  { inboundNamespace }: Pick<Inbound, 'inboundNamespace'>,
  { namespace, name }: Omit<Versioned, 'schemaHash'>,
) => `${inboundNamespace ?? namespace}.${name}`

export const inboundCanonicalName = (member: Inbound, push: Omit<Versioned, 'schemaHash'>): string =>
  canonicalName(member.memberOrganizationId!, inboundType(member, push), push.version)

/**
 * Whether the peer has a registration with another schema under the push's inbound name. An archived version keeps its
 * name.
 */
export function conflictsWithRegistration(view: Pick<Naming, 'event'>, member: Inbound, push: Versioned): boolean {
  const own = view.event(member.memberOrganizationId!, inboundType(member, push))?.versions.get(push.version)
  return own !== undefined && own.schemaHash !== push.schemaHash
}

/**
 * Throws `federation_name_conflict` if any of `pushes` collides with the member's registrations or with other inbound
 * events.
 */
export function checkInboundNames(view: Naming, member: FederationMember, pushes: readonly FederationPush[]): void {
  const byInboundName = new Map(pushes.map(push => [inboundCanonicalName(member, push), push]))
  for (const push of pushes) if (conflictsWithRegistration(view, member, push)) throw conflict(push)
  const names = new Set(pushes.map(({ name }) => name))
  for (const other of view.federation.memberships(member.memberOrganizationId!)) {
    if (other.id === member.id || (other.status !== 'accepted' && other.status !== 'paused')) continue
    for (const arriving of view.federation.pushes(other.groupId)) {
      if (!arriving.isActive || !names.has(arriving.name)) continue
      const push = byInboundName.get(inboundCanonicalName(other, arriving))
      if (push !== undefined && push.schemaHash !== arriving.schemaHash) throw conflict(push)
    }
  }
}

/** Throws `namespace_not_allowed`: inbound events may use only namespaces that the organization itself may use. */
export function checkInboundNamespace(organization: Organization | undefined, namespace: string | null): void {
  if (namespace === null || organization?.namespaceAllowlist.includes(namespace)) return
  const details = [{ path: '/inboundNamespace', rule: 'allowlist', message: "is not on the organization's allowlist" }]
  throw new ClarionError(
    'namespace_not_allowed',
    `The namespace '${namespace}' is not on the organization's allowlist.`,
    { details },
  )
}

function conflict({ namespace, name, version }: FederationPush): ClarionError {
  return new ClarionError(
    'federation_name_conflict',
    `${namespace}.${name}@${version} would arrive under a name that has another schema at the peer; the member may set inboundNamespace.`,
  )
}
