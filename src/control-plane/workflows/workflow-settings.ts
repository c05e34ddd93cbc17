/** The settings of a workflow, checked, and in the form of the record. */
import { parseConditions } from '../../events/conditions.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ConditionGroup } from '../../model/conditions.ts'
import type { PlanLimits } from '../../model/plans.ts'
import type { RouteTrigger, Workflow, WorkflowConcurrency, WorkflowTrigger } from '../../model/workflows.ts'
import { isTimeZone } from '../../notifications/quiet-hours.ts'
import { checkedContracts } from '../../registry/contract-settings.ts'
import type { Validators } from '../../registry/validators.ts'
import { leastPeriodMinutes, parseCron } from '../../workflows/cron.ts'
import { parseTemplate } from '../../workflows/language/template-syntax.ts'
import { parseTriggerEvent, triggerEventProblem, versionSelectorProblem } from '../../workflows/trigger-event.ts'
import { quotaExceeded } from './workflow-plan.ts'

/** By kind: `event`, `version`, `conditions`; `cron`, `timeZone`; nothing. */
export interface TriggerInput {
  kind: Exclude<WorkflowTrigger['kind'], 'route'>
  event?: string
  version?: string
  conditions?: unknown
  cron?: string
  timeZone?: string
}

export interface WorkflowSettings {
  name?: string
  description?: string | null
  /** One of a route has been checked. */
  trigger?: TriggerInput | RouteTrigger
  allowSelfTrigger?: boolean
  priority?: number
  cooldownSeconds?: number | null
  maxRunsPerDay?: number | null
  concurrency?: (Pick<WorkflowConcurrency, 'limit'> & Partial<WorkflowConcurrency>) | null
  timeoutSeconds?: number
  strict?: boolean
  recordSkips?: boolean
  catchUp?: Workflow['catchUp']
  /** Checked by `checkedContracts`; null: none. */
  contracts?: Record<string, unknown> | null
}

export const WORKFLOW_DEFAULTS = {
  ...{ description: null, allowSelfTrigger: false, priority: 0, cooldownSeconds: null, maxRunsPerDay: null },
  ...{ concurrency: null, timeoutSeconds: 300, strict: false, recordSkips: false, catchUp: 'last' },
} satisfies Partial<Workflow>

const CONCURRENCY_DEFAULTS = {
  key: null,
  overflow: 'queue',
  whileWaiting: 'release',
} satisfies Partial<WorkflowConcurrency>

type TriggerField = Exclude<keyof TriggerInput, 'kind'>

const FIELDS: Record<TriggerInput['kind'], { may: readonly TriggerField[]; needs: readonly TriggerField[] }> = {
  event: { may: ['event', 'version', 'conditions'], needs: ['event'] },
  schedule: { may: ['cron', 'timeZone'], needs: ['cron', 'timeZone'] },
  manual: { may: [], needs: [] },
}

/**
 * Throws `workflow_invalid`, `validation_failed` (conditions), `workflow_quota_exceeded` (the period of a schedule), and for
 * contracts the codes of a schema.
 */
export function checkedSettings(
  input: WorkflowSettings,
  limits: PlanLimits,
  validators: Validators,
): Partial<Workflow> {
  const { trigger, concurrency, contracts, ...asGiven } = input
  const fields: Partial<Workflow> = Object.fromEntries(
    Object.entries(asGiven).filter(([, value]) => value !== undefined),
  )
  if (trigger !== undefined) fields.trigger = trigger.kind === 'route' ? trigger : checkedTrigger(trigger, limits)
  if (contracts !== undefined) fields.contracts = checkedContracts(contracts ?? {}, { validators })
  if (concurrency?.key) checkKey(concurrency.key)
  if (concurrency !== undefined)
    fields.concurrency = concurrency === null ? null : { ...CONCURRENCY_DEFAULTS, ...concurrency }
  return fields
}

/** A key is computed before the run begins, from what started it. */
const KEY_SCOPES: ReadonlySet<string> = new Set(['$param', '$event'])

function checkKey(key: string): void {
  const parsed = parseTemplate(key)
  if (!parsed.ok) throw invalid('/concurrency/key', parsed.problem.rule, parsed.problem.message)
  for (const part of parsed.template)
    if (typeof part === 'object' && !KEY_SCOPES.has(part.reference.scope)) {
      const message = `reads ${part.reference.scope}: a key may read ${[...KEY_SCOPES].join(' and ')} alone`
      throw invalid('/concurrency/key', 'scope_not_available', message)
    }
}

function checkedTrigger(input: TriggerInput, limits: PlanLimits): WorkflowTrigger {
  const { may, needs } = FIELDS[input.kind]
  const given = (Object.keys(input) as Array<keyof TriggerInput>).filter(field => field !== 'kind')
  const foreign = given.find(field => !(may as readonly string[]).includes(field))
  if (foreign !== undefined)
    throw invalid(`/trigger/${foreign}`, 'unknown_field', `is no field of a trigger of the kind ${input.kind}`)
  const missing = needs.find(field => input[field] === undefined)
  if (missing !== undefined)
    throw invalid(`/trigger/${missing}`, 'required', `is missing: a trigger of the kind ${input.kind} needs it`)
  if (input.kind === 'event') return eventTrigger(input.event!, input.version, input.conditions)
  if (input.kind === 'schedule') return scheduleTrigger(input.cron!, input.timeZone!, limits)
  return { kind: 'manual' }
}

function eventTrigger(text: string, version = 'latest', conditions: unknown = null): WorkflowTrigger {
  const event = parseTriggerEvent(text)
  if (event === undefined) throw invalid('/trigger/event', 'event', triggerEventProblem(text))
  const problem = versionSelectorProblem(event, version)
  if (problem !== undefined) throw invalid('/trigger/version', 'version', problem)
  return { kind: 'event', event: text, version, conditions: checkedConditions(conditions) }
}

function checkedConditions(input: unknown): ConditionGroup | null {
  if (input === null) return null
  const parsed = parseConditions(input, '/trigger/conditions')
  if (parsed.ok) return parsed.conditions
  const [first] = parsed.findings
  const message = `The conditions are wrong at '${first?.path}': ${first?.message}.`
  throw new ClarionError('validation_failed', message, { details: parsed.findings })
}

function scheduleTrigger(cron: string, timeZone: string, { schedulePeriodMinutes }: PlanLimits): WorkflowTrigger {
  const parsed = parseCron(cron)
  if (!parsed.ok) throw invalid('/trigger/cron', 'cron', parsed.message)
  if (!isTimeZone(timeZone))
    throw invalid('/trigger/timeZone', 'timeZone', 'is not a time zone: use a name such as Europe/Berlin or UTC')
  const minutes = leastPeriodMinutes(parsed.fields)
  if (minutes < schedulePeriodMinutes) {
    const message = `may tick every ${schedulePeriodMinutes} minutes at most with this plan, not after ${minutes}`
    const details = [{ path: '/trigger/cron', rule: 'least_period', message }]
    throw quotaExceeded(`The schedule ${message}.`, details)
  }
  return { kind: 'schedule', cron, timeZone }
}

export function invalid(path: string, rule: string, message: string): ClarionError {
  const details: Finding[] = [{ path, rule, message }]
  return new ClarionError('workflow_invalid', `The workflow is wrong at '${path}': ${message}.`, { details })
}
