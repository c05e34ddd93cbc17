/** Debug runs: a draft, or a definition of the call, with params of the call. See docs/specification/runs.md#debug. */

import type { Clock } from '../../clock.ts'
import { checkKeepable } from '../../control-plane/workflows/checked-draft.ts'
import { checkedForDeploy } from '../../control-plane/workflows/checked-for-deploy.ts'
import { getVersion, getWorkflow } from '../../control-plane/workflows/get-workflow.ts'
import { renderLogEvent } from '../../events/envelope.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { KeptDefinition, Workflow } from '../../model/workflows.ts'
import type { RunCalls } from '../../run-calls/run-calls.ts'
import { imaginedEvent } from '../../workflows/imagined-event.ts'
import { keepDefinition, readDefinition } from '../../workflows/kept-definition.ts'
import { type Definition, eachAction } from '../../workflows/language/definition.ts'
import type { RunOptions } from '../../workflows/run-options.ts'
import { parseTriggerEvent } from '../../workflows/trigger-event.ts'
import { keyOf, ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import type { FindRun } from './find-run.ts'
import { presentRun } from './presenter.ts'

interface Input {
  params?: Record<string, unknown>
  stopAt?: string
  mock?: Record<string, unknown>
  sideEffects?: 'execute' | 'mock'
  emit?: boolean
  definition?: unknown
}

/** Then the run goes on, and is read or watched. */
const WAIT_MS = 25_000

export function createDebugHandler(deps: {
  view: ControlView
  runCalls: RunCalls
  findRun: FindRun
  ids: Ids
  clock: Clock
}) {
  const { view, runCalls, findRun, ids, clock } = deps

  return async (call: Call): Promise<Answer> => {
    const owner = ownerOf(call)
    const workflow = getWorkflow(view, owner, call.params.id!)
    const input = (call.body ?? {}) as Input
    const kept = chosen(view, workflow, input.definition)
    const { definition, env } = checkedForDeploy(view, workflow, kept, keyOf(call))
    const runId = ids.next('run')
    const command = {
      ...{ ...owner, kind: 'start' as const, runId, workflowId: workflow.id, actorId: call.caller.actorId },
      ...{ requestId: call.caller.requestId ?? '', trigger: '{"mode":"debug"}' },
      scopes: JSON.stringify(scopesOf(view, workflow, input.params ?? {}, clock.nowMs())),
      options: JSON.stringify({ ...optionsOf(workflow, input, definition), definition: kept, env: [...env.keys()] }),
    }
    const answer = await runCalls.call(command, { wants: 'end', timeoutMs: WAIT_MS, signal: call.signal() })
    if (answer?.kind !== 'ended') return { status: 202, data: { runId } }
    const { run, steps, isLive } = await findRun(owner, runId)
    return { data: presentRun(run, steps, owner), meta: { live: isLive } }
  }
}

/** The call's own definition, else the draft, else the live version. */
function chosen(view: ControlView, workflow: Workflow, given: unknown): KeptDefinition {
  if (given !== undefined) {
    checkKeepable(given)
    return keepDefinition(given, 'canonical')
  }
  if (workflow.draft !== null) return keepDefinition(readDefinition(workflow.draft), 'canonical')
  if (workflow.deployed !== null) {
    const { deflated, bytes, hash } = getVersion(view, workflow, workflow.deployed.version)
    return { deflated, bytes, hash }
  }
  const message = 'The workflow has neither a draft nor a live version: save a draft, or send a definition.'
  throw new ClarionError('workflow_not_deployed', message)
}

function optionsOf(workflow: Workflow, input: Input, definition: Definition): Pick<RunOptions, 'debug'> {
  const { stopAt = null, mock = {}, sideEffects = 'execute', emit = false } = input
  const keys = new Set([...eachAction(definition)].map(({ action }) => action.key))
  for (const key of Object.keys(mock)) if (!keys.has(key)) throw noSuchAction(`/mock/${key}`, key)
  if (stopAt !== null && !keys.has(stopAt)) throw noSuchAction('/stopAt', stopAt)
  return { debug: { mocks: { ...workflow.draft?.pins, ...mock }, stopAt, sideEffects, emit } }
}

function noSuchAction(path: string, key: string): ClarionError {
  const message = `The definition has no action with the key '${key}'.`
  return new ClarionError('validation_failed', message, { details: [{ path, rule: 'action', message }] })
}

/** As an event with this payload would start it; of a route, as a request with these parts would. */
function scopesOf(view: ControlView, workflow: Workflow, params: Record<string, unknown>, nowMs: number): object {
  const { trigger, organizationId } = workflow
  if (trigger.kind === 'route') return scopesOfRequest(params)
  const event = trigger.kind === 'event' ? parseTriggerEvent(trigger.event) : undefined
  if (trigger.kind !== 'event' || event === undefined) return { $param: params }
  const latest = (fullName: string) => view.event(organizationId, fullName)?.latestPublished?.version
  const version = trigger.version === 'latest' || trigger.version === '*' ? undefined : trigger.version
  const imagined = imaginedEvent(
    workflow,
    { event, version, subject: null, payload: params },
    latest,
    Math.round(nowMs),
  )
  const { data: _data, ...envelope } = JSON.parse(renderLogEvent(imagined.event, NULL).toString())
  return { $param: params, $event: envelope }
}

function scopesOfRequest({ body = null, query = {}, path = {}, headers = {} }: Record<string, unknown>): object {
  const $bodyRaw = typeof body === 'string' ? body : JSON.stringify(body)
  return { $body: body, $bodyRaw, $query: query, $path: path, $header: headers, $user: null }
}

const NULL = Buffer.from('null')
