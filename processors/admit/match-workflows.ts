import type { ControlView } from '../../src/model/control-view.ts'
import type { Owner } from '../../src/model/environments.ts'
import { workflowIndex } from '../../src/workflows/own-workflows.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { EventStart } from '../../topics/runs.ts'

export type PinnedWorkflow = EventStart['workflows'][number]

/** The workflows that an event starts, in their live versions. `payload`: called only where a trigger has conditions. */
export type MatchWorkflows = (owner: Owner, event: EventFacts, payload: () => unknown) => PinnedWorkflow[]

const NONE: PinnedWorkflow[] = []

/** An organization without workflows costs one look-up. */
export function createWorkflowMatcher(view: Pick<ControlView, 'list' | 'event'>): MatchWorkflows {
  return (owner, event, payload) => {
    const { organizationId } = owner
    if (view.list('workflow', organizationId).length === 0) return NONE
    const latest = (fullName: string) => view.event(organizationId, fullName)?.latestPublished?.version
    return workflowIndex(view, owner)
      .match(event, payload, latest)
      .map(({ id, deployed }) => ({ workflowId: id, version: deployed!.version }))
  }
}
