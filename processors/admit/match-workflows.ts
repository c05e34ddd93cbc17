import type { ControlView } from '../../src/model/control-view.ts'
import type { Owner } from '../../src/model/environments.ts'
import type { Workflow } from '../../src/model/workflows.ts'
import { workflowIndex } from '../../src/workflows/own-workflows.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { EventStart } from '../../topics/runs.ts'

export interface MatchedWorkflows {
  starts: EventStart['workflows']
  /** Their conditions did not hold, and they record that. */
  refused: EventStart['workflows']
}

/** The workflows that an event starts, in their live versions. `payload`: called only where a trigger has conditions. */
export type MatchWorkflows = (owner: Owner, event: EventFacts, payload: () => unknown) => MatchedWorkflows

const NONE: MatchedWorkflows = { starts: [], refused: [] }

/** An organization without workflows costs one look-up. */
export function createWorkflowMatcher(view: Pick<ControlView, 'list' | 'event'>): MatchWorkflows {
  return (owner, event, payload) => {
    const { organizationId } = owner
    if (view.list('workflow', organizationId).length === 0) return NONE
    const latest = (fullName: string) => view.event(organizationId, fullName)?.latestPublished?.version
    const refused: Workflow[] = []
    const starts = workflowIndex(view, owner).match(event, payload, latest, workflow => {
      if (workflow.recordSkips) refused.push(workflow)
    })
    return { starts: starts.map(pinned), refused: refused.map(pinned) }
  }
}

const pinned = ({ id, deployed }: Workflow) => ({ workflowId: id, version: deployed!.version })
