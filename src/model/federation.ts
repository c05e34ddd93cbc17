/** Groups of organizations, their members and what they share (docs/specification/federation.md). */
import type { Stored } from './stored.ts'

/** See docs/specification/federation.md#groups. */
export interface FederationGroup extends Stored {
  name: string
  description: string | null
  status: 'active' | 'suspended' | 'archived'
  createdBy: string
  archivedAt: string | null
}

/** `organizationId` is the owner's. An external peer's settings are in the webhook with the same id. */
export interface FederationMember extends Stored {
  groupId: string
  peerType: 'tenant_org' | 'external_webhook'
  memberOrganizationId: string | null
  label: string | null
  status: 'pending' | 'accepted' | 'paused' | 'removed'
  pauseReason: 'owner' | 'member' | 'plan' | 'failing' | null
  removeReason: 'left' | 'removed' | 'declined' | 'expired' | 'organization_deleted' | null
  /** Replaces the source's namespace in inbound names (docs/specification/federation.md#inbound-events). */
  inboundNamespace: string | null
  invitedBy: string
  invitedAt: string
  inviteExpiresAt: string | null
  acceptedBy: string | null
  acceptedAt: string | null
  pausedBy: string | null
  pausedAt: string | null
  removedBy: string | null
  removedAt: string | null
}

/** See docs/specification/federation.md#pushes. */
export interface FederationPush extends Stored {
  groupId: string
  sourceRegistrationId: string | null
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  schemaSnapshot: Record<string, unknown>
  schemaHash: string
  pushedBy: string
  pushedAt: string
  unpushedBy: string | null
  unpushedAt: string | null
  isActive: boolean
}
