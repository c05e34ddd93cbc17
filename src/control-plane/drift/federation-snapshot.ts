/** Shared versions that are no longer what their owner emits: archived, or followed by one that is not shared. */
import { compare } from 'semver'
import type { Observation } from '../../model/drift.ts'
import type { FederationGroup, FederationPush } from '../../model/federation.ts'
import type { Registration } from '../../model/registrations.ts'
import type { DecisionView } from '../store/overlay.ts'

/** Of the organization's own pushes, and of those of groups that it takes part in. */
export function federationSnapshots(current: DecisionView, organizationId: string): Observation[] {
  const own = current.list('federation-group', organizationId)
  const joined = current.federation
    .memberships(organizationId)
    .filter(({ status }) => status === 'accepted')
    .map(({ groupId }) => current.federation.group(groupId))
  const groups = new Set([...own, ...joined].filter(isActive))
  return [...groups].flatMap(group => {
    const pushes = current.federation.pushes(group.id).filter(push => push.isActive)
    return pushes.flatMap(push => observationOf(current, push, pushes))
  })
}

const isActive = (group: FederationGroup | undefined): group is FederationGroup => group?.status === 'active'

function observationOf(current: DecisionView, push: FederationPush, pushes: readonly FederationPush[]): Observation[] {
  const fullName = `${push.namespace}.${push.name}`
  const event = current.event(push.organizationId, fullName)
  const source = event?.versions.get(push.version)
  const change = changeOf(push, source, event?.latestPublished, pushes)
  if (change === undefined) return []
  return [
    {
      ...{ kind: 'federation_snapshot', severity: 'warning', entityType: 'federation-push', entityId: push.id },
      canonicalName: push.sourceCanonicalName,
      message: `The shared version ${fullName}@${push.version} ${change.text}.`,
      expected: { version: push.version, schemaHash: push.schemaHash, status: 'published' },
      actual: {
        version: change.version,
        ...(source === undefined ? {} : { schemaHash: source.schemaHash, status: source.status }),
      },
      diff: [{ path: '', change: `${change.rule} ${change.version}` }],
    },
  ]
}

function changeOf(
  { version, schemaHash }: FederationPush,
  source: Registration | undefined,
  latest: Registration | undefined,
  pushes: readonly FederationPush[],
): { rule: string; version: string; text: string } | undefined {
  if (source === undefined || source.status === 'archived')
    return { rule: 'archived', version, text: 'is archived: nothing is emitted by it any more' }
  if (source.schemaHash !== schemaHash)
    return { rule: 'schema_snapshot_mismatch', version, text: 'has another schema than the one that was shared' }
  if (latest === undefined || compare(latest.version, version) <= 0) return undefined
  const isShared = pushes.some(
    each => each.namespace === latest.namespace && each.name === latest.name && compare(each.version, version) > 0,
  )
  if (isShared) return undefined
  return {
    ...{ rule: 'superseded', version: latest.version },
    text: `is followed by ${latest.version}, which the group does not share: emits without a version are not relayed`,
  }
}
