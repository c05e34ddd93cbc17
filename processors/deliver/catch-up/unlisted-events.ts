/**
 * The subscribers of events whose log record has no list, since an `admit` of an earlier release accepted them. The
 * history has the decision of acceptance, and is waited for; after an hour, the webhook's current selectors decide
 * about events that it does not have.
 */
import type { Clock } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import { subscriberKey } from '../../../src/events/subscribers.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { CatchUpSources } from './catch-ups.ts'
import type { SubscribersOf } from './listed-records.ts'
import type { Subscribes } from './subscriptions.ts'

/** Longer than the history ever lags. */
const BEHIND_MS_MAX = 3_600_000

export function createSubscribersOf(deps: {
  view: Pick<ControlView, 'find'>
  clock: Clock
  subscribes: Subscribes
  history: CatchUpSources['subscribers']
}): SubscribersOf {
  const { view, clock, subscribes, history } = deps
  /** Answers of the history for records in memory: several webhooks of one log read the same records. */
  const known = new WeakMap<LogRecord, readonly bigint[]>()

  async function ask(range: OwedRange, records: LogRecord[]): Promise<void> {
    const events = records.map(record => readEventHeaders(record.headers, range.organizationId))
    const found = await history!(range, events)
    for (const [at, { eventId }] of events.entries()) {
      const webhookIds = found.get(eventId)
      if (webhookIds) known.set(records[at]!, webhookIds.map(subscriberKey))
    }
  }

  function bySelectors(range: OwedRange, record: LogRecord): readonly bigint[] {
    const event = readEventHeaders(record.headers, range.organizationId)
    if (history && event.recordedAtMs > clock.nowMs() - BEHIND_MS_MAX)
      throw new Error(`The history does not have event ${event.eventId} yet, which says whom it went to`)
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    return webhook && subscribes(webhook, event, record.value!) ? [range.key] : []
  }

  return async (range, records) => {
    const unknown = records.filter(record => !known.has(record))
    if (history && unknown.length > 0) await ask(range, unknown)
    return new Map(records.map(record => [record, known.get(record) ?? bySelectors(range, record)]))
  }
}
