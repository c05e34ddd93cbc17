/** Input and output types of federation. */
import type { SignatureProfile } from '../webhooks/profiles.ts'
import type { Json } from './types.ts'

export interface Group {
  id: string
  revision: number
  ownerOrganizationId: string
  name: string
  description: string | null
  status: 'active' | 'suspended' | 'archived'
  /** `owner`, or the status of the caller's membership. */
  callerRole: 'owner' | Member['status']
  memberCount: number
  pushCount: number
  createdAt: string
  [field: string]: unknown
}
export interface Member {
  id: string
  revision: number
  groupId: string
  peerType: 'tenant_org' | 'external_webhook'
  memberOrganizationId: string | null
  external: { label: string; url: string | null; headerNames: string[]; [field: string]: unknown } | null
  status: 'pending' | 'accepted' | 'paused' | 'removed'
  inboundNamespace: string | null
  health: 'healthy' | 'failing'
  [field: string]: unknown
}
export interface Invitation {
  id: string
  groupId: string
  groupName: string
  groupDescription: string | null
  ownerOrganizationId: string
  ownerOrganizationName: string
  status: 'pending'
  invitedAt: string
  inviteExpiresAt: string
}
export interface Push {
  id: string
  groupId: string
  sourceOrganizationId: string
  sourceRegistrationId: string | null
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  schemaSnapshot: Json
  schemaHash: string
  isActive: boolean
  [field: string]: unknown
}
export interface NewExternalPeer {
  label: string
  webhookUrl: string
  headers?: Record<string, string>
  wireFormat?: string
  signatureProfile?: SignatureProfile
}
export interface ExternalPeer {
  peer: Member
  /** Only in this answer. */
  secret: string
}
export interface Relay {
  id: string
  groupId: string
  pushId: string
  memberId: string
  sourceEventId: string
  targetEventId: string | null
  status: 'queued' | 'relayed' | 'failed' | 'skipped'
  skipReason: string | null
  attempts: number
  lastError: string | null
  [field: string]: unknown
}
