/**
 * The question of one reader of the log: which events, and in which form. Most records are decided by their headers
 * `ce_type` and `canonical-name`; only a filter over the payload parses it.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import { logParts } from '../../topics/events.ts'
import { renderLogCloudEvent } from '../delivery/wire-formats/cloudevents.ts'
import { builtInTypeOfAlias } from '../events/built-in-events.ts'
import { isVariable } from '../events/condition-operators.ts'
import { parseConditions } from '../events/conditions.ts'
import { conditionsHold } from '../events/conditions-hold.ts'
import { renderLogEvent } from '../events/envelope.ts'
import { readEventHeaders } from '../events/log-record.ts'
import { createSelectorIndex, notASelector, parseSelector } from '../events/selector.ts'
import { readJson } from '../json/read-json.ts'
import type { LogRecord } from '../kafka/ports.ts'
import { ClarionError, type Finding } from '../model/codes.ts'
import type { ConditionGroup, ConditionNode } from '../model/conditions.ts'
import { isLifecycleType, LIFECYCLE_PATTERN } from '../model/names.ts'

export const SELECTORS_MAX = 100
export const FILTER_BYTES_MAX = 4_096

export type EventFormat = 'default' | 'cloudevents'

/** As a caller writes it. */
export interface QuestionText {
  /** Selectors, separated by commas. */
  types: string
  subject?: string | undefined
  /** One group of conditions, in JSON. */
  filter?: string | undefined
  includeLifecycle?: boolean | undefined
  format?: EventFormat | undefined
}

export interface Selection {
  /** Equal for equal questions: readers with one key share the answer. */
  readonly key: string
  /** Equal for equal filters. */
  readonly filterKey: string | undefined
  readonly format: EventFormat
  /** The caller may not see payloads. */
  readonly isWithheld: boolean
  readonly selectors: readonly string[]
  /** Lifecycle events that are selected by name. */
  readonly lifecycleNames: readonly string[]
  /** Never throws: a record that cannot be read is not selected. */
  matches(record: LogRecord): boolean
}

/**
 * Throws `invalid_event_selector`, `validation_failed` with `/filter/…`, and `insufficient_scope` for a filter over the
 * payload by a caller who may not see it.
 */
export function createSelection(text: QuestionText, { isWithheld }: { isWithheld: boolean }): Selection {
  const selectors = parseSelectors(text.types)
  const filter = text.filter === undefined ? undefined : parseFilter(text.filter)
  if (filter !== undefined && isWithheld && readsPayload(filter)) throw payloadWithheld()
  return selectionOf({ ...text, selectors, filter, isWithheld })
}

/** Of selectors and conditions that have been checked, such as those of a webhook. */
export function selectionOf(question: {
  selectors: readonly string[]
  filter?: ConditionGroup | undefined
  subject?: string | undefined
  includeLifecycle?: boolean | undefined
  format?: EventFormat | undefined
  isWithheld: boolean
}): Selection {
  const { selectors, subject, filter, includeLifecycle = false, format = 'default', isWithheld } = question
  const usesPayload = filter !== undefined && readsPayload(filter)
  const isOfType = typeMatcher(selectors, includeLifecycle)
  const filterKey = filter && JSON.stringify(filter)
  return {
    key: JSON.stringify([selectors, subject ?? null, filterKey ?? null, includeLifecycle]),
    filterKey,
    format,
    isWithheld,
    selectors,
    lifecycleNames: selectors.map(nameIn).filter(name => LIFECYCLE_PATTERN.test(name)),
    matches(record) {
      if (record.undecodable !== undefined || !isOfType(record)) return false
      if (subject !== undefined && textOf(record, 'ce_subject') !== subject) return false
      return filter === undefined || meets(filter, record, usesPayload)
    },
  }
}

/** The event in the reader's format. `selection` decides whether its payload is shown. */
export function envelopeOf(
  record: LogRecord,
  { format, isWithheld, replayId = null }: Pick<Selection, 'format' | 'isWithheld'> & { replayId?: string | null },
): Buffer {
  const event = factsOf(record)
  const payload = isWithheld ? undefined : (record.value ?? EMPTY)
  return format === 'default' ? renderLogEvent(event, payload, replayId) : renderLogCloudEvent(event, payload)
}

export const factsOf = (record: LogRecord): EventFacts =>
  readEventHeaders(record.headers, logParts(record.topic).organizationId)

const EMPTY = Buffer.from('null')

const textOf = ({ headers }: LogRecord, name: string): string | undefined => headers[name]?.toString()

function parseSelectors(text: string): string[] {
  const given = text.split(',').map(part => part.trim())
  if (given.length > SELECTORS_MAX)
    throw malformed('/types', 'max_items', `must have at most ${SELECTORS_MAX} selectors, separated by commas`)
  const selectors = given.map(selector => builtInTypeOfAlias(selector) ?? selector)
  const details: Finding[] = selectors.flatMap((selector, index) =>
    parseSelector(selector) === undefined
      ? [{ path: `/types/${index}`, rule: 'selector', message: notASelector(selector.slice(0, 120)) }]
      : [],
  )
  if (details.length > 0) throw new ClarionError('invalid_event_selector', `${details[0]!.message}.`, { details })
  return [...new Set(selectors)].sort()
}

function parseFilter(text: string): ConditionGroup {
  if (Buffer.byteLength(text) > FILTER_BYTES_MAX)
    throw malformed('/filter', 'max_length', `must have at most ${FILTER_BYTES_MAX} bytes`)
  let value: unknown
  try {
    value = readJson(text)
  } catch {
    throw malformed('/filter', 'json', 'must be JSON, URL-encoded: one group of conditions')
  }
  const parsed = parseConditions(value, '/filter')
  if (parsed.ok) return parsed.conditions
  const [first] = parsed.findings
  throw new ClarionError('validation_failed', `The filter is wrong at '${first?.path}': ${first?.message}.`, {
    details: parsed.findings,
  })
}

const malformed = (path: string, rule: string, message: string) =>
  new ClarionError('validation_failed', `'${path.slice(1)}' ${message}.`, { details: [{ path, rule, message }] })

const payloadWithheld = () =>
  new ClarionError(
    'insufficient_scope',
    'The filter reads the payload, which this key may not see: filter by fields of the envelope.',
  )

const readsPayload = (node: ConditionNode): boolean => {
  if ('all' in node) return node.all.some(readsPayload)
  if ('any' in node) return node.any.some(readsPayload)
  return PAYLOAD.test(node.path) || (isVariable(node.value) && PAYLOAD.test(node.value.path))
}
/** A first segment in brackets and quotes names the payload too, so anything else than a known field counts. */
const PAYLOAD = /^(?:payload|data|\[)/

const CANONICAL = /^PLATFORM_LIFECYCLE:[^:]*:([^@]*)@1$/
const nameIn = (selector: string): string => CANONICAL.exec(selector)?.[1] ?? selector

/** Canonical names whose answer is remembered; a log has few. */
const REMEMBERED_MAX = 1_000

function typeMatcher(selectors: readonly string[], includeLifecycle: boolean): (record: LogRecord) => boolean {
  const index = createSelectorIndex([{ selectors, value: true }])
  const dependsOnKind = selectors.some(selector => parseSelector(selector)?.form === 'kind')
  const remembered = new Map<string, boolean>()

  const decide = (record: LogRecord, canonicalName: string): boolean => {
    const type = textOf(record, 'ce_type')
    if (type === undefined) return false
    if (includeLifecycle && isLifecycleType(type)) return true
    return index.match({ type, canonicalName, kind: textOf(record, 'kind') ?? null }).length > 0
  }

  return record => {
    const canonicalName = record.headers['canonical-name']?.toString('latin1')
    if (canonicalName === undefined) return false
    if (dependsOnKind) return decide(record, canonicalName)
    const known = remembered.get(canonicalName)
    if (known !== undefined) return known
    const decided = decide(record, canonicalName)
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(canonicalName, decided)
    return decided
  }
}

function meets(filter: ConditionGroup, record: LogRecord, usesPayload: boolean): boolean {
  try {
    const payload = usesPayload ? readJson((record.value ?? EMPTY).toString()) : undefined
    return conditionsHold(filter, factsOf(record), payload)
  } catch {
    return false
  }
}
