/** Warnings about a trigger when its workflow is saved or deployed: nothing that prevents it. */
import { BUILT_IN_EVENTS } from '../../events/built-in-events.ts'
import { LIFECYCLE_EVENTS } from '../../events/lifecycle-events.ts'
import type { ControlView } from '../../model/control-view.ts'
import { isLifecycleType } from '../../model/names.ts'
import type { GradedFinding, Workflow } from '../../model/workflows.ts'
import { parseTriggerEvent } from '../../workflows/trigger-event.ts'

export function triggerFindings(
  view: Pick<ControlView, 'event'>,
  { organizationId, trigger }: Workflow,
): GradedFinding[] {
  const event = trigger.kind === 'event' ? parseTriggerEvent(trigger.event) : undefined
  if (trigger.kind !== 'event' || event?.form !== 'type') return []
  if (BUILT_IN_EVENTS.has(event.key) || LIFECYCLE_EVENTS.has(event.key)) return []
  const known = isLifecycleType(event.key) ? undefined : view.event(organizationId, event.key)
  if (known === undefined) {
    const message = `no event '${event.key}' is there yet: the workflow starts with the first one`
    return [{ path: '/trigger/event', rule: 'unknown_event', message, severity: 'warning' }]
  }
  const { version } = trigger
  if (version === 'latest' || version === '*' || known.versions.has(version)) return []
  const message = `'${event.key}' has no version ${version} yet`
  return [{ path: '/trigger/version', rule: 'unknown_event', message, severity: 'warning' }]
}
