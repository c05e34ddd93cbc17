/**
 * Workflows as targets of replays: a stored event starts the live version, as its acceptance would. The start is written
 * in the transaction that moves the replay on, and its run has an id of workflow, event and replay.
 */

import type { OutRecord } from '../../../src/kafka/ports.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { GENERIC_FULL_NAME } from '../../../src/model/names.ts'
import type { Replay, ReplayTarget } from '../../../src/model/replays.ts'
import type { Workflow } from '../../../src/model/workflows.ts'
import type { OpenTarget, OwnSelection } from '../../../src/replay/ways/owner.ts'
import type { Candidate } from '../../../src/replay/ways/way.ts'
import { whyNot } from '../../../src/workflows/match.ts'
import { parseTriggerEvent } from '../../../src/workflows/trigger-event.ts'
import { runInputCodec, runs } from '../../../topics/runs.ts'

export interface WorkflowTargetPorts {
  view: Pick<ControlView, 'find' | 'event' | 'appliedOffset'>
  shards: number
  write(records: OutRecord[]): void
}

/** Writes of one transaction. */
const IN_FLIGHT_MAX = 100

export function openWorkflow(
  { view, shards, write }: WorkflowTargetPorts,
  { organizationId, environment, id: replayId }: Replay,
  { id }: Pick<ReplayTarget, 'id'>,
): OpenTarget {
  const latest = (fullName: string) => view.event(organizationId, fullName)?.latestPublished?.version
  const selectionOf = createSelections()

  function workflow(): Workflow | undefined {
    const found = view.find('workflow', organizationId, id)
    return found?.environment === environment && found.deletedAt === null ? found : undefined
  }

  return {
    state() {
      const now = workflow()
      if (now === undefined) return 'gone'
      return now.active && now.deployed !== null ? 'active' : 'inactive'
    },
    isWaiting: () => false,
    inFlightMax: () => IN_FLIGHT_MAX,
    selection() {
      const now = workflow()
      return now && selectionOf(now)
    },
    /** The selection knows neither versions nor what a newer one has replaced. */
    async judge(candidates) {
      const now = workflow()
      if (now === undefined) return []
      return candidates.map(candidate => {
        const reason = whyNot(ignoringConditions(now), candidate.event, () => undefined, latest)
        return reason === 'other_version' ? skipped(candidate, reason) : candidate
      })
    },
    deliver({ event, payload }, left) {
      left()
      const version = workflow()?.deployed?.version
      // It was changed since the batch was judged.
      if (version === undefined) return { outcome: 'skipped', reason: 'inactive' }
      const start = {
        ...{ event, payload: payload!, workflows: [{ workflowId: id, version }], refused: [], replayId },
        controlOffset: view.appliedOffset,
      }
      const value = runInputCodec.encode({ start, verdict: null })
      write([{ topic: runs.name, partition: shardOf(organizationId, shards), key: organizationId, value }])
      return { outcome: 'delivered', reason: null }
    },
  }
}

/** Those have been looked at by then. */
const ignoringConditions = (workflow: Workflow): Workflow =>
  workflow.trigger.kind === 'event' ? { ...workflow, trigger: { ...workflow.trigger, conditions: null } } : workflow

/** One selection per record: a changed workflow is another record. */
function createSelections(): (workflow: Workflow) => OwnSelection {
  const known = new WeakMap<Workflow, OwnSelection>()
  return workflow => {
    const found = known.get(workflow) ?? selectionOf(workflow)
    known.set(workflow, found)
    return found
  }
}

function selectionOf({ trigger }: Workflow): OwnSelection {
  const event = trigger.kind === 'event' ? parseTriggerEvent(trigger.event) : undefined
  const conditions = trigger.kind === 'event' ? trigger.conditions : null
  const selectors = event === undefined ? [] : [event.form === 'kind' ? `${GENERIC_FULL_NAME}#${event.key}` : event.key]
  return { selectors, conditions, ownEventsOnly: false, isFixed: true }
}

const skipped = (candidate: Candidate, reason: string): Candidate => ({
  ...candidate,
  without: { outcome: 'skipped', reason },
})
