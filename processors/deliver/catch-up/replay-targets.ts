/**
 * The replays of a shard to the targets that `deliver` owns: webhooks under all their names,
 * federation members, and workflows, whose runs it starts.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ReplayTargetKind } from '../../../src/model/replays.ts'
import { createDryRuns } from '../../../src/replay/ways/dry-runs.ts'
import { createListedEvents } from '../../../src/replay/ways/listed-events.ts'
import type { TargetOwner } from '../../../src/replay/ways/owner.ts'
import { createReplayItems } from '../../../src/replay/ways/replay-items.ts'
import { createTargetRuns, type TargetRunPorts, type TargetRuns } from '../../../src/replay/ways/target-runs.ts'
import { catchUpKeys, deliveryCatchUps } from '../../../topics/delivery-catch-ups.ts'
import { type DeadLetterPorts, openDeadLetters } from './dead-letter-targets.ts'
import { type MemberTargetPorts, openMember } from './member-targets.ts'
import { openWebhook, type WebhookTargetPorts } from './webhook-targets.ts'
import { openWorkflow, type WorkflowTargetPorts } from './workflow-targets.ts'

const KINDS: readonly ReplayTargetKind[] = ['webhook', 'subscription', 'sink', 'federation_member', 'workflow']

export type ReplayTargets = TargetRuns

export type ReplayTargetPorts = Pick<
  TargetRunPorts,
  'log' | 'clock' | 'logger' | 'view' | 'isOurs' | 'fail' | 'ended' | 'pause' | 'turns'
> &
  WebhookTargetPorts &
  MemberTargetPorts &
  WorkflowTargetPorts &
  DeadLetterPorts & {
    write(records: OutRecord[]): void
    /** Live traffic is behind. */
    isBusy(): boolean
    /** An event is dealt with, without a delivery. */
    onItem?: ((target: string, outcome: string) => void) | undefined
  }

export function createReplayTargets(ports: ReplayTargetPorts): ReplayTargets {
  const { view } = ports
  const items = createReplayItems(ports.onItem)
  // An external peer is a webhook under the id of its member.
  const isMember = (id: string) => view.federation.member(id)?.memberOrganizationId !== null
  const owner: TargetOwner = {
    kinds: KINDS,
    open(replay, target) {
      if (replay.kind === 'redrive') return openDeadLetters(ports, replay, target)
      if (target.kind === 'workflow') return openWorkflow(ports, replay, target)
      return target.kind === 'federation_member' && isMember(target.id)
        ? openMember(ports, replay, target)
        : openWebhook(ports, replay, target)
    },
  }
  const listed = createListedEvents(ports.keptEvents)
  const changed = () => ports.write([])
  const shared = { ...ports, owner, items, listed, changed }
  const runs = createTargetRuns({ ...shared, stateTopic: deliveryCatchUps.name, keyOf: catchUpKeys.ofReplay })
  const dryRuns = createDryRuns(shared)
  return {
    ...runs,
    start() {
      runs.start()
      dryRuns.start()
    },
    close() {
      runs.close()
      dryRuns.close()
    },
  }
}
