import { SIGNATURE_PROFILES, WIRE_FORMATS } from '../../model/webhooks.ts'
import type { Schema } from '../http/route.ts'
import {
  anyObject,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

/** `?includeArchived`, `?includeArchived=true`: a flag is on when it is present without a value, or with a true one. */
export const flag: Schema = { type: 'string', enum: ['', 'true', 'false', '1', '0'] }
export const isOn = (value: unknown): boolean => value === '' || value === 'true' || value === '1'

const MEMBER_STATUSES = ['pending', 'accepted', 'paused', 'removed'] as const
/** The rules for the trimmed name are checked by the control plane, which has a finding for each. */
export const newGroup = object({ name: { type: 'string', maxLength: 500 }, 'description?': optionalText(500) })
export const groupPatch = {
  ...object({ 'name?': { type: 'string', maxLength: 500 }, 'description?': optionalText(500) }),
  minProperties: 1,
}
export const groupQuery = { 'includeArchived?': flag }

const groupFields = {
  ...stored,
  ownerOrganizationId: string,
  name: string,
  description: nullable(string),
  status: oneOf(['active', 'suspended', 'archived']),
  createdBy: string,
  archivedAt: nullable(time),
  callerRole: oneOf(['owner', ...MEMBER_STATUSES]),
  memberCount: integer,
  pushCount: integer,
}
export const group = object(groupFields)

const external = object({
  label: string,
  url: nullable(string),
  headerNames: listOf(string),
  wireFormat: nullable(string),
  signatureProfile: nullable(string),
  previousSecretExpiresAt: nullable(time),
})

const nullableOneOf = (values: readonly string[]): Schema => ({ type: ['string', 'null'], enum: [...values, null] })
export const member = object({
  ...stored,
  groupId: string,
  peerType: oneOf(['tenant_org', 'external_webhook']),
  memberOrganizationId: nullable(string),
  external: { anyOf: [external, { type: 'null' }] },
  status: oneOf(MEMBER_STATUSES),
  pauseReason: nullableOneOf(['owner', 'member', 'plan', 'failing']),
  removeReason: nullableOneOf(['left', 'removed', 'declined', 'expired', 'organization_deleted']),
  inboundNamespace: nullable(string),
  invitedBy: string,
  invitedAt: time,
  inviteExpiresAt: nullable(time),
  acceptedBy: nullable(string),
  acceptedAt: nullable(time),
  pausedBy: nullable(string),
  pausedAt: nullable(time),
  removedBy: nullable(string),
  removedAt: nullable(time),
  health: oneOf(['healthy', 'failing']),
  lastRelayAt: nullable(time),
})
/** The owner sees every member, a member only itself; the newest 200 rows. */
export const groupWithMembers = object({ ...groupFields, members: listOf(member) })
export const memberQuery = { 'status?': oneOf(MEMBER_STATUSES) }
export const newInvitation = object({ memberOrganizationId: text(1, 100) })
export const invitation = object({
  ...{
    id: string,
    groupId: string,
    groupName: string,
    groupDescription: nullable(string),
    ownerOrganizationId: string,
  },
  ...{ ownerOrganizationName: string, status: oneOf(['pending']), invitedAt: time, inviteExpiresAt: time },
})
const inboundNamespace = { type: ['string', 'null'], maxLength: 31 }
export const acceptance = object({ 'inboundNamespace?': inboundNamespace })
export const membershipPatch = object({ inboundNamespace })

export const newPush = object({ registrationId: text(1, 100) })
export const pushQuery = { 'includeInactive?': flag }
export const push = object({
  ...stored,
  groupId: string,
  sourceRegistrationId: nullable(string),
  sourceOrganizationId: string,
  namespace: string,
  name: string,
  version: string,
  sourceCanonicalName: string,
  schemaSnapshot: anyObject,
  schemaHash: string,
  pushedBy: string,
  pushedAt: time,
  unpushedBy: nullable(string),
  unpushedAt: nullable(time),
  isActive: boolean,
})

export const newExternalPeer = object({
  label: text(1, 80),
  webhookUrl: string,
  'headers?': { type: 'object', additionalProperties: { type: 'string' } },
  'wireFormat?': oneOf(WIRE_FORMATS),
  'signatureProfile?': oneOf(SIGNATURE_PROFILES),
})
/** This answer is the only one with the secret. */
export const madePeer = object({ peer: member, secret: string })
export { ping as peerTest } from '../shared/delivery-schemas.ts'

export const RELAY_STATUSES = ['queued', 'relayed', 'failed', 'skipped'] as const
export const relayQuery = {
  'status?': oneOf(RELAY_STATUSES),
  'memberId?': text(1, 100),
  'pushId?': text(1, 100),
  'sourceEventId?': text(1, 100),
}
export const relay = object({
  ...{ id: string, groupId: string, pushId: string, memberId: string, sourceEventId: string, sourceEmitId: string },
  ...{
    sourceCanonicalName: string,
    targetEventId: nullable(string),
    targetCanonicalName: nullable(string),
    deliveryId: nullable(string),
  },
  ...{
    status: oneOf(RELAY_STATUSES),
    skipReason: nullable(string),
    attempts: integer,
    responseStatus: nullable(integer),
  },
  ...{ lastError: nullable(string), queuedAt: time, completedAt: nullable(time) },
})

const copy = object({
  ...{ organizationId: nullable(string), eventId: nullable(string), relayId: nullable(string) },
  ...{
    memberId: nullable(string),
    status: nullable(string),
    skipReason: nullable(string),
    lastError: nullable(string),
  },
  deliveries: listOf(object({ id: string, webhookId: string, status: string, attempts: listOf(anyObject) })),
})
export const lineage = object({ sourceOrganizationId: string, sourceEventId: string, stations: listOf(copy) })
