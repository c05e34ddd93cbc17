/** Settings of queues: what a caller may give, checked. */
import { parseConditions } from '../../events/conditions.ts'
import { notASelector, parseSelector } from '../../events/selector.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { NackBackoff, QueueRecord, SqsBody } from '../../model/queues.ts'
import { checkedContracts } from '../../registry/contract-settings.ts'
import type { Validators } from '../../registry/validators.ts'

export interface QueueSettings {
  name?: string
  selectors?: string[]
  conditions?: unknown
  contracts?: Record<string, unknown> | null
  visibilityTimeoutSeconds?: number
  maxReceives?: number
  nackBackoff?: NackBackoff | null
  retentionHours?: number
  deadLetterQueueId?: string | null
  active?: boolean
  sqsBody?: SqsBody
}

export const QUEUE_DEFAULTS = {
  conditions: null,
  visibilityTimeoutSeconds: 30,
  maxReceives: 10,
  nackBackoff: null,
  retentionHours: 168,
  deadLetterQueueId: null,
  active: true,
  sqsBody: 'envelope',
} as const satisfies Partial<QueueRecord>

/** Only the fields that are given. Throws `invalid_event_selector`, `validation_failed`, and for contracts the codes of a schema. */
export function checkedSettings(settings: QueueSettings, deps: { validators: Validators }): Partial<QueueRecord> {
  const { conditions, contracts, ...rest } = settings
  const given: Partial<QueueRecord> = rest
  if (contracts !== undefined) given.contracts = checkedContracts(contracts ?? {}, deps)
  if (given.selectors !== undefined) checkSelectors(given.selectors)
  const backoff = given.nackBackoff
  if (backoff && backoff.firstSeconds > backoff.maxSeconds)
    throw malformed('/nackBackoff/firstSeconds', 'maximum', 'must not be more than maxSeconds')
  if (conditions === undefined) return given
  if (conditions === null) return { ...given, conditions: null }
  const parsed = parseConditions(conditions, '/conditions')
  if (parsed.ok) return { ...given, conditions: parsed.conditions }
  const [first] = parsed.findings
  throw new ClarionError('validation_failed', `The conditions are wrong at '${first?.path}': ${first?.message}.`, {
    details: parsed.findings,
  })
}

/** `.fifo` is what clients of SQS expect of an ordered queue, and of no other. */
export function checkName(name: string, ordered: boolean): void {
  if (!name.endsWith('.fifo') || ordered) return
  throw malformed('/name', 'fifo', 'ends with .fifo, which only an ordered queue may')
}

function checkSelectors(selectors: readonly string[]): void {
  const details: Finding[] = selectors.flatMap((selector, index) =>
    parseSelector(selector) === undefined
      ? [{ path: `/selectors/${index}`, rule: 'selector', message: notASelector(selector.slice(0, 120)) }]
      : [],
  )
  if (details.length > 0) throw new ClarionError('invalid_event_selector', `${details[0]!.message}.`, { details })
}

function malformed(path: string, rule: string, message: string): ClarionError {
  return new ClarionError('validation_failed', `'${path.slice(1)}' ${message}.`, { details: [{ path, rule, message }] })
}
