/**
 * External peers: an HTTPS endpoint in a group. The member's row identifies it; its URL, secret and headers are a
 * webhook of the owner with the same id. That webhook selects nothing and is hidden from the webhook API, so that the
 * engine delivers to it as to any other.
 */

import type { Random } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import type { CheckAddresses } from '../../delivery/check-addresses.ts'
import { generateSecret } from '../../delivery/sign.ts'
import { ClarionError } from '../../model/codes.ts'
import type { FederationMember } from '../../model/federation.ts'
import type { SignatureProfile, Webhook, WireFormat } from '../../model/webhooks.ts'
import { revised } from '../store/revision.ts'
import type { Change, Decision } from '../store/store.ts'
import { retryDelaysMs } from '../webhooks/retry-policy.ts'
import { checkOwnHeaders } from '../webhooks/webhook-headers.ts'
import { freeWebhookId } from '../webhooks/webhook-ids.ts'
import { WEBHOOK_API_VERSION, WEBHOOK_DEFAULTS } from '../webhooks/webhooks.ts'
import {
  externalPeer,
  memberNotFound,
  openGroup,
  refuseArchived,
  requireActiveFederation,
  requireFederation,
} from './access.ts'
import type { FederationCaller } from './announcements.ts'
import type { FederationDeps } from './deps.ts'
import { checkLimit, excessHistory } from './limits.ts'
import { webhookRemoval } from './members.ts'
import { externallyAdded, removed } from './membership.ts'

/** The former secret signs too for 24 hours, times `CLARION_TIME_SCALE`. */
const ROTATION_MS = 24 * 3_600_000

export interface NewExternalPeer {
  /** 1–80 characters. */
  label: string
  webhookUrl: string
  headers?: Record<string, string>
  wireFormat?: WireFormat
  signatureProfile?: SignatureProfile
}

export interface ExternalPeer {
  member: FederationMember
  webhook: Webhook
}

export interface ExternalPeers {
  /**
   * The answer is the only one with `secret`. Errors: `invalid_webhook_url`, `header_not_allowed`,
   * `federation_limit_exceeded`.
   */
  add(
    caller: FederationCaller,
    organizationId: string,
    groupId: string,
    input: NewExternalPeer,
  ): Promise<ExternalPeer & { secret: string }>
  /** Errors: `federation_member_not_found`, `secret_rotation_in_progress` while the former secret still signs. */
  rotateSecret(
    caller: FederationCaller,
    organizationId: string,
    memberId: string,
  ): Promise<ExternalPeer & { secret: string }>
  /** Wipes its secret and headers; its waiting deliveries are cancelled. */
  remove(caller: FederationCaller, organizationId: string, memberId: string): Promise<FederationMember>
}

export interface ExternalPeersDeps extends FederationDeps {
  random: Random
  secrets: SecretBox
  timeScale: number
  /** The egress guard: the fault of the URL, or undefined. */
  checkUrl(url: string): ClarionError | undefined
  /** Resolves the host name and checks its addresses; absent: they are checked at each connection only. */
  checkAddresses?: CheckAddresses
}

export function createExternalPeers(deps: ExternalPeersDeps): ExternalPeers {
  const { store, ids, clock, announcements, secrets } = deps

  function webhookOf(member: FederationMember, input: NewExternalPeer, secret: string): Webhook {
    const { id, organizationId, createdAt } = member
    const { wireFormat = 'default', signatureProfile = 'relay', headers = {} } = input
    const headerNames = Object.keys(headers)
    const encryptedHeaders = headerNames.length === 0 ? null : secrets.encrypt(JSON.stringify(headers))
    return {
      ...{ id, organizationId, environment: 'live', revision: 1, createdAt, updatedAt: createdAt, ...WEBHOOK_DEFAULTS },
      ...{ name: input.label, description: null, url: input.webhookUrl, events: [], active: true, pausedAt: null },
      ...{ encryptedSecret: secrets.encrypt(secret), retryDelaysMs: retryDelaysMs(), apiVersion: WEBHOOK_API_VERSION },
      ...{
        wireFormat,
        signatureProfiles: [signatureProfile],
        encryptedHeaders,
        headerNames,
        peer: { groupId: member.groupId },
      },
    }
  }

  return {
    async add(caller, organizationId, groupId, input) {
      const drawn = ids.next('cefm')
      const refusal = deps.checkUrl(input.webhookUrl) ?? (await deps.checkAddresses?.(input.webhookUrl))
      const secret = generateSecret(deps.random)
      return store.change(ids.next('chg'), (current): Decision<ExternalPeer & { secret: string }> => {
        requireActiveFederation(current, organizationId)
        openGroup(current, organizationId, groupId, clock.nowMs())
        if (refusal !== undefined) throw asPeerUrl(refusal)
        checkOwnHeaders(input.headers ?? {})
        const rows = current.federation.members(groupId).filter(each => each.peerType === 'external_webhook')
        checkLimit('externalPeers', rows.filter(each => each.status !== 'removed').length)
        const id = freeWebhookId(ids, 'cefm', current.webhooks(organizationId), drawn)
        const member = externallyAdded({ id, organizationId, groupId }, input.label, {
          actorId: caller.actorId,
          nowMs: clock.nowMs(),
        })
        const webhook = webhookOf(member, input, secret)
        const over = rows.filter(each => each.status === 'removed')
        return {
          records: [
            { kind: 'federation-member', record: member },
            { kind: 'webhook', record: webhook },
            ...excessHistory('federation-member', over),
          ],
          changes: announcements.ofMember(caller, 'PEER_ADDED', undefined, member),
          result: { member, webhook, secret },
        }
      })
    },
    async rotateSecret(caller, organizationId, memberId) {
      const secret = generateSecret(deps.random)
      const encryptedSecret = secrets.encrypt(secret)
      return store.change(ids.next('chg'), (current): Decision<ExternalPeer & { secret: string }> => {
        requireActiveFederation(current, organizationId)
        const { group, member } = externalPeer(current, organizationId, memberId)
        refuseArchived(group)
        const before = current.find('webhook', organizationId, memberId)
        if (before === undefined) throw memberNotFound()
        const nowMs = clock.nowMs()
        if (before.previousSecretExpiresAt !== null && Date.parse(before.previousSecretExpiresAt) > nowMs)
          throw new ClarionError(
            'secret_rotation_in_progress',
            `The secret before still signs until ${before.previousSecretExpiresAt}.`,
          )
        const previousSecretExpiresAt = new Date(nowMs + ROTATION_MS * deps.timeScale).toISOString()
        const previous = { previousEncryptedSecret: before.encryptedSecret, previousSecretExpiresAt }
        const webhook = revised(before, { encryptedSecret, ...previous }, nowMs)
        const records: Change[] = [{ kind: 'webhook', record: webhook }]
        return {
          records,
          changes: announcements.ofMember(caller, 'SECRET_ROTATED', member, member),
          result: { member, webhook, secret },
        }
      })
    },
    remove: (caller, organizationId, memberId) =>
      store.change(ids.next('chg'), (current): Decision<FederationMember> => {
        requireFederation(current, organizationId)
        const { member } = externalPeer(current, organizationId, memberId)
        const after = removed(member, 'removed', { actorId: caller.actorId, nowMs: clock.nowMs() })
        return {
          records: [{ kind: 'federation-member', record: after }, webhookRemoval(member)],
          changes: announcements.ofMember(caller, 'PEER_REMOVED', member, after),
          result: after,
        }
      }),
  }
}

/** Federation has one code for every fault of a peer's URL, plain http included. */
function asPeerUrl(refusal: ClarionError): ClarionError {
  const rule = refusal.code === 'https_required' ? 'https_required' : (refusal.details?.[0]?.rule ?? 'url')
  const details = [{ path: '/webhookUrl', rule, message: refusal.message }]
  return new ClarionError('invalid_webhook_url', refusal.message, { details })
}
