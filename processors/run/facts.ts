/** What never changes in a run, from what started it. */
import { renderFacts } from '../../src/events/envelope.ts'
import { parseJson } from '../../src/json/json.ts'
import { readJson } from '../../src/json/read-json.ts'
import { fixedId } from '../../src/model/ids.ts'
import { GENERIC_FULL_NAME } from '../../src/model/names.ts'
import type { Workflow } from '../../src/model/workflows.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import type { EventStart } from '../../topics/runs.ts'
import type { RunCommand } from '../../topics/runs-commands.ts'
import { callKeyOf } from './run-answers.ts'

const DEPTH_MAX = 10_000

/**
 * What a run is started with, and for one that is begun at once the texts of its scopes, so that only those that are read
 * are parsed: most workflows read the payload, and not the envelope around it.
 */
export type StartedFacts = RunFacts & { texts?: { $param: string; $event: string } }

const NONE = {
  ...{ eventId: null, canonicalName: null, tickMs: null, retryOf: null, parentRunId: null, parentPath: null },
  ...{ parentAttempt: 0, nesting: 0, depth: 0, rootEventId: null, correlationId: null, traceparent: null },
  ...{ path: [] as string[], variables: '{}', answerTo: null, callKey: null, options: null, replayId: null },
}

/** One run for each workflow, event and replay, whatever is read twice. */
export function factsOfEvent(
  { event, payload, replayId }: Pick<EventStart, 'event' | 'payload' | 'replayId'>,
  { workflowId, version }: EventStart['workflows'][number],
  startedAtMs: number,
): StartedFacts {
  const { organizationId, environment, eventId, canonicalName, depth, rootEventId, correlationId, traceparent } = event
  // The payload is in `$param`.
  const $event = renderFacts(event, replayId === null ? null : { replayId })
  const $param = paramOf(event, payload)
  return {
    ...NONE,
    runId: fixedId('run', `${eventId}/${workflowId}${replayId === null ? '' : `/${replayId}`}`, event.recordedAtMs),
    ...{ organizationId, environment, workflowId, version, replayId, triggerKind: 'event' },
    mode: replayId === null ? 'live' : 'replay',
    ...{
      eventId,
      canonicalName,
      startedAtMs,
      begunAtMs: startedAtMs,
      depth,
      rootEventId,
      correlationId,
      traceparent,
      path: event.path,
    },
    scopes: `{"$param":${$param},"$event":${$event}}`,
    texts: { $param, $event },
  }
}

/** One run for each workflow and tick. */
export function factsOfTick(
  { id: workflowId, organizationId, environment, deployed }: Workflow,
  tickMs: number,
  startedAtMs: number,
): RunFacts {
  const tick = new Date(tickMs).toISOString()
  return {
    ...{ ...NONE, runId: fixedId('run', `${workflowId}/${tickMs}`, tickMs), organizationId, environment, workflowId },
    ...{
      version: deployed!.version,
      mode: 'live',
      triggerKind: 'schedule',
      tickMs,
      startedAtMs,
      begunAtMs: startedAtMs,
    },
    scopes: JSON.stringify({ $param: { tick } }),
  }
}

/** A call's or a retry's. */
export function factsOfCommand(command: RunCommand, startedAtMs: number): RunFacts {
  const { runId, organizationId, environment, workflowId, version, retryOf, answerTo, options } = command
  const trigger = JSON.parse(command.trigger ?? '{}') as Partial<RunFacts>
  return {
    ...NONE,
    ...{ runId, organizationId, environment, workflowId, version, retryOf, startedAtMs, begunAtMs: startedAtMs },
    ...{ mode: 'manual', triggerKind: 'manual', scopes: command.scopes ?? '{}', answerTo, options },
    callKey: callKeyOf(command),
    ...trigger,
  }
}

/** The payload as it is; of a generic event its `data`. Numbers keep their digits. */
function paramOf({ type }: EventFacts, payload: Buffer): string {
  if (type !== GENERIC_FULL_NAME) return payload.toString()
  return JSON.stringify((exactJson(payload.toString()) as { data?: unknown }).data ?? null)
}

/**
 * A number of 16 digits or more, or with an exponent: a double may not represent it. All others survive, and nearly no
 * text has one.
 */
const MAY_BE_INEXACT = /[:,[]\s*-?(?:[\d.]{16}|[\d.]+[eE])/

/** JSON that the platform has written, or checked. */
export function exactJson(text: string): unknown {
  if (!MAY_BE_INEXACT.test(text)) return readJson(text)
  const read = parseJson(Buffer.from(text), { depthMax: DEPTH_MAX, duplicateKeys: 'refuse', exactNumbers: 'all' })
  if (!read.ok) throw new Error(`not the JSON that was written: ${read.findings[0]?.message}`)
  return read.exact
}
