/**
 * What a debug run's `create_event` would emit, judged as `admit` judges, but for the quota and what depends on earlier
 * emits: nothing is written, and nobody gets it.
 */
import { CHAIN_DEPTH_MAX } from '../../../src/events/chain.ts'
import { parseJson } from '../../../src/json/json.ts'
import { isJsonObject } from '../../../src/json/json-pointer.ts'
import { CODES, type Code, type Finding } from '../../../src/model/codes.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { GENERIC_FULL_NAME } from '../../../src/model/names.ts'
import type { Registration } from '../../../src/model/registrations.ts'
import { explainUnresolved, resolveEvent } from '../../../src/registry/resolve-event.ts'
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import { failed, type StepAnswer } from './step.ts'

export interface EventJudge {
  view: Pick<ControlView, 'event' | 'organization'>
  /** Findings on a payload, at most 20. */
  validate(registration: Registration, value: unknown): Finding[]
}

const PAYLOAD_BYTES_MAX = 262_144
const PAYLOAD_DEPTH_MAX = 32

export function wouldBeEvent(emit: PlatformEmit, { view, validate }: EventJudge): StepAnswer {
  const { organizationId, type, requestedVersion, payload, depth } = emit
  if (payload.length > PAYLOAD_BYTES_MAX) return refused('payload_too_large')
  const parsed = parseJson(payload, { depthMax: PAYLOAD_DEPTH_MAX, duplicateKeys: 'refuse' })
  if (!parsed.ok) return refused('payload_invalid', parsed.findings)
  if (!isJsonObject(parsed.value)) return refused('payload_invalid')
  const resolved = resolveEvent(view.event(organizationId, type), requestedVersion ?? undefined)
  if ('code' in resolved)
    return failed(resolved.code, explainUnresolved(resolved.code, type, requestedVersion ?? undefined).message)
  const { registration } = resolved
  if (type !== GENERIC_FULL_NAME && view.organization(organizationId)?.plan === 'FREE')
    return refused('plan_does_not_allow_registered_events')
  const findings = validate(registration, parsed.exact)
  if (findings.length > 0) return refused('payload_invalid', findings)
  if (depth > CHAIN_DEPTH_MAX) return refused('chain_depth_exceeded')
  const { canonicalName } = registration
  const wouldBe = { type, version: registration.version, payload: parsed.exact }
  return { output: { emitId: null, eventId: null, canonicalName, depth, verdict: 'accepted', wouldBe } }
}

function refused(code: Code, findings: readonly Finding[] = []): StepAnswer {
  const [first] = findings
  const where = first === undefined ? '' : ` ${first.path || '/'}: ${first.message}.`
  return failed(code, CODES[code].meaning + where)
}
