/** Federation: each event of the owner is decided about once, and what is relayed is there once at the peer. */
import type { Findings } from './findings.ts'
import type { Evidence } from './proof.ts'
import type { Verdict } from './prove-emits.ts'
import type { Member } from './world.ts'

interface Relay {
  relayId: string
  step: 0 | 1
  sourceEventId: string
  targetEventId: string | null
  memberOrganizationId: string | null
  status: string
}

const RELAYS = `SELECT relayId, step, sourceEventId, targetEventId, memberOrganizationId, status
  FROM relays WHERE organizationId = {organizationId:String}`

export async function proveRelays(
  findings: Findings,
  { analytics, owner, peer }: Evidence & { owner: Member; peer: Member },
  verdictsOf: ReadonlyMap<Member, Verdict[]>,
): Promise<void> {
  const relays = await analytics.query<Relay>(RELAYS, { organizationId: owner.id })
  const decided = Map.groupBy(
    relays.filter(({ step }) => step === 0),
    ({ sourceEventId }) => sourceEventId,
  )
  const arrived = Map.groupBy(
    relays.filter(({ step }) => step === 1),
    ({ relayId }) => relayId,
  )
  const shared = verdictsOf
    .get(owner)!
    .filter(({ verdict, name }) => verdict === 'accepted' && name === owner.eventName)
  for (const { eventId } of shared) {
    const count = decided.get(eventId!)?.length ?? 0
    findings.check('every event that is shared is decided about once', count === 1, () => `${eventId}: ${count}`)
  }
  const sharedIds = new Set(shared.map(({ eventId }) => eventId))
  for (const eventId of decided.keys())
    findings.check('nothing is relayed that is not shared', sharedIds.has(eventId), () => eventId)
  for (const { relayId, status, memberOrganizationId } of [...decided.values()].flat()) {
    const steps = arrived.get(relayId) ?? []
    findings.check(
      'every relay comes to its end at the peer, once',
      steps.length === (status === 'queued' ? 1 : 0) && memberOrganizationId === peer.id,
      () => `${relayId}: ${status}, ${steps.map(step => step.status)}`,
    )
  }
  const relayed = [...arrived.values()].flat().filter(({ status }) => status === 'relayed')
  const targets = Map.groupBy(relayed, ({ targetEventId }) => targetEventId)
  const admitted = verdictsOf
    .get(peer)!
    .filter(({ verdict, channel }) => verdict === 'accepted' && channel === 'platform')
  for (const { eventId } of admitted)
    findings.check('every event from a peer comes of one relay', targets.get(eventId)?.length === 1, () =>
      String(eventId),
    )
  findings.check(
    'relayed = admitted at the peer',
    relayed.length === admitted.length,
    () => `${relayed.length} and ${admitted.length}`,
  )
}
