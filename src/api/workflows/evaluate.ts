/** Workflows that an event would start, by the function that admission matches with. Nothing runs. */
import type { Clock } from '../../clock.ts'
import { patternWork } from '../../events/conditions-hold.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { imaginedEvent } from '../../workflows/imagined-event.ts'
import { type NoMatch, whyNot } from '../../workflows/match.ts'
import { ownWorkflows } from '../../workflows/own-workflows.ts'
import { parseTriggerEvent, triggerEventProblem, versionSelectorProblem } from '../../workflows/trigger-event.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'

interface Evaluation {
  event: string
  version?: string
  subject?: string | null
  payload: Record<string, unknown>
}

export const REASONS: Readonly<Record<NoMatch, string>> = {
  other_trigger: 'it does not listen to events',
  other_event: 'it listens to another event',
  other_version: 'it listens to another version of the event',
  not_deployed: 'it has no live version: deploy it',
  inactive: 'it is switched off: activate it',
  condition_false: 'the conditions of its trigger do not hold',
}

export function createEvaluateHandler({ view, clock }: { view: ControlView; clock: Clock }) {
  return (call: Call): Answer => {
    const owner = ownerOf(call)
    const { subject = null, payload, ...named } = call.body as Evaluation
    const { event: name, version } = checkedName(named)
    const latest = (fullName: string) => view.event(owner.organizationId, fullName)?.latestPublished?.version
    const imagined = imaginedEvent(owner, { event: name, version, subject, payload }, latest, clock.nowMs())
    const work = patternWork()
    const judged = ownWorkflows(view, owner).map(workflow => ({
      workflow,
      reason: whyNot(workflow, imagined.event, () => imagined.payload, latest, work),
    }))
    const matched = judged.flatMap(({ workflow: { id, name: called, deployed }, reason }) =>
      reason === undefined ? [{ workflowId: id, name: called, version: deployed!.version }] : [],
    )
    const notMatched = judged.flatMap(({ workflow: { id, name: called }, reason }) =>
      reason === undefined ? [] : [{ workflowId: id, name: called, reason, message: REASONS[reason] }],
    )
    return { data: { canonicalName: imagined.event.canonicalName, matched, notMatched } }
  }
}

function checkedName({ event: text, version }: Pick<Evaluation, 'event' | 'version'>) {
  const event = parseTriggerEvent(text)
  if (event === undefined) throw wrong('/event', 'event', triggerEventProblem(text))
  if (version === undefined) return { event, version }
  const isExact = /^\d/.test(version)
  const problem = isExact
    ? versionSelectorProblem(event, version)
    : 'must be MAJOR.MINOR.PATCH: an event has one version'
  if (problem !== undefined) throw wrong('/version', 'version', problem)
  return { event, version }
}

function wrong(path: string, rule: string, message: string): ClarionError {
  return new ClarionError('validation_failed', `The request is wrong at '${path}': it ${message}.`, {
    details: [{ path, rule, message }],
  })
}
