/** The question of a stream, from a query or a message. */
import { ClarionError } from '../../model/codes.ts'
import { holdsScope } from '../../model/scopes.ts'
import type { Question } from '../../streaming/hub/subscribe.ts'
import { splitTag } from '../../streaming/hub/tokens.ts'
import { createSelection, type EventFormat } from '../../streaming/selection.ts'
import type { StreamCaller } from './callers.ts'

export interface QuestionFields {
  types?: string
  subject?: string
  filter?: string
  environment?: string
  from?: string
  until?: string
  format?: EventFormat
  includeLifecycle?: boolean
  onExpired?: 'fail' | 'continue'
  window?: number
}

export interface Resumed {
  /** A cursor, with or without a tag. */
  text: string
  path: string
}

/**
 * `lastEventId` wins over `from`. Throws `validation_failed`, `invalid_event_selector`, `insufficient_scope`.
 */
export function questionOf(caller: StreamCaller, fields: QuestionFields, lastEventId: string | undefined): Question {
  const { subscriber, token } = caller
  refuseOtherEnvironment(fields.environment, subscriber.environment)
  if (token !== undefined) refuseBesideToken(fields)
  const { types, subject, filter } = token ?? fields
  if (types === undefined) throw malformed('/types', 'required', 'is missing: selectors, separated by commas, or *')
  const { format, includeLifecycle, onExpired = 'fail', until, window } = fields
  const selection = createSelection(
    { types, subject, filter, includeLifecycle, format },
    { isWithheld: isWithheld(caller) },
  )
  const { text, path } = startOf(fields.from, lastEventId)
  return {
    selection,
    from: { text: splitTag(text).cursor, path },
    until: until === undefined ? undefined : splitTag(until).cursor,
    onExpired,
    window,
  }
}

export const startOf = (from: string | undefined, lastEventId: string | undefined): Resumed =>
  lastEventId === undefined || lastEventId === ''
    ? { text: from ?? 'latest', path: 'from' }
    : { text: lastEventId, path: 'headers/last-event-id' }

/** Of a token, those of the key that issued it, as it is now. */
const isWithheld = ({ key }: StreamCaller): boolean => !holdsScope(key, 'events:payload')

function refuseOtherEnvironment(named: string | undefined, own: string): void {
  if (named === undefined || named === own) return
  throw malformed('/environment', 'environment', `must be ${own}, which is the environment of the key`)
}

function refuseBesideToken(fields: QuestionFields): void {
  for (const name of ['types', 'subject', 'filter', 'includeLifecycle'] as const)
    if (fields[name] !== undefined)
      throw malformed(`/${name}`, 'exclusive', 'must be left out: the token says which events are read')
}

export const malformed = (path: string, rule: string, message: string): ClarionError =>
  new ClarionError('validation_failed', `'${path.slice(1)}' ${message}.`, { details: [{ path, rule, message }] })
