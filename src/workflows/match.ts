/**
 * The workflows that an accepted event starts: those of its environment that listen to it, are deployed and active, and
 * whose conditions hold. The index has one exact key per form of an event's name, so the cost of a match follows the
 * workflows that listen to the event, not all that exist.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { Work } from '../events/condition-operators.ts'
import { conditionsHold, patternWork } from '../events/conditions-hold.ts'
import { GENERIC_FULL_NAME } from '../model/names.ts'
import type { Workflow, WorkflowTrigger } from '../model/workflows.ts'
import { parseTriggerEvent, type TriggerEvent } from './trigger-event.ts'

/** The version of an event name that is the newest published one; undefined for names without a registration. */
export type LatestVersion = (fullName: string) => string | undefined

/** Why an event does not start a workflow, in the order of the checks. */
export type NoMatch =
  | 'other_trigger'
  | 'other_event'
  | 'other_version'
  | 'not_deployed'
  | 'inactive'
  | 'condition_false'

export interface WorkflowIndex {
  /**
   * Each workflow once. `payload` is parsed only where conditions need it. `refused`: called with each that listens and
   * whose conditions do not hold.
   */
  match(
    event: EventFacts,
    payload: () => unknown,
    latest: LatestVersion,
    refused?: (workflow: Workflow) => void,
    work?: Work,
  ): Workflow[]
}

/** `workflows`: of one organization and environment, oldest first. */
export function createWorkflowIndex(workflows: readonly Workflow[]): WorkflowIndex {
  const byKey = new Map<string, Workflow[]>()
  for (const workflow of workflows) {
    const listens = workflow.active && workflow.deployed !== null ? eventOf(workflow.trigger) : undefined
    if (listens === undefined) continue
    const key = keyOf(listens)
    byKey.set(key, [...(byKey.get(key) ?? []), workflow])
  }
  return {
    match(event, payload, latest, refused, work = patternWork()) {
      if (byKey.size === 0) return []
      const candidates = keysOf(event).flatMap(key => byKey.get(key) ?? [])
      return candidates.filter(workflow => {
        const reason = whyNot(workflow, event, payload, latest, work)
        if (reason === 'condition_false') refused?.(workflow)
        return reason === undefined
      })
    },
  }
}

/** Undefined when the event starts the workflow. */
export function whyNot(
  workflow: Workflow,
  event: EventFacts,
  payload: () => unknown,
  latest: LatestVersion,
  work: Work = patternWork(),
): NoMatch | undefined {
  const { trigger, deployed, active } = workflow
  if (trigger.kind !== 'event') return 'other_trigger'
  const listens = eventOf(trigger)
  if (listens === undefined || !keysOf(event).includes(keyOf(listens))) return 'other_event'
  if (!selectsVersion(trigger.version, listens, event, latest)) return 'other_version'
  if (deployed === null) return 'not_deployed'
  if (!active) return 'inactive'
  return trigger.conditions === null || conditionsHold(trigger.conditions, event, payload(), work)
    ? undefined
    : 'condition_false'
}

/** Parsed once for each trigger: records are replaced, never changed. */
const parsed = new WeakMap<WorkflowTrigger, TriggerEvent>()

function eventOf(trigger: WorkflowTrigger): TriggerEvent | undefined {
  if (trigger.kind !== 'event') return undefined
  const known = parsed.get(trigger)
  if (known !== undefined) return known
  const event = parseTriggerEvent(trigger.event)
  if (event !== undefined) parsed.set(trigger, event)
  return event
}

const keyOf = ({ form, key }: TriggerEvent): string => `${form}/${key}`

const keysOf = ({ type, canonicalName, kind }: EventFacts): string[] => [
  `type/${type}`,
  `canonical/${canonicalName}`,
  ...(kind !== null && type === GENERIC_FULL_NAME ? [`kind/${kind}`] : []),
]

function selectsVersion(version: string, { form }: TriggerEvent, event: EventFacts, latest: LatestVersion): boolean {
  if (version === '*' || form !== 'type') return true
  const wanted = version === 'latest' ? latest(event.type) : version
  return wanted === undefined || wanted === event.schemaVersion
}
