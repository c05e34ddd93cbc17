/** `GET /events`: a page of the log from a place on, or a range of sequence numbers. */

import type { Reads } from '../../analytics/read/reads.ts'
import { readSubscribers, SUBSCRIBERS_HEADER, subscriberKey } from '../../events/subscribers.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import { KafkaError } from '../../kafka/protocol/wire.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import { deliveryId } from '../../model/ids.ts'
import { parseTime } from '../../model/time.ts'
import { isOwnReceiver, type Webhook } from '../../model/webhooks.ts'
import type { Position } from '../../streaming/cursor.ts'
import type { Meters } from '../../streaming/meters.ts'
import type { Log } from '../../streaming/resume.ts'
import {
  createSelection,
  type EventFormat,
  envelopeOf,
  factsOf,
  type Selection,
  selectionOf,
} from '../../streaming/selection.ts'
import { parseRange } from '../../streaming/sequences.ts'
import { logOf, type Streaming } from '../../streaming/streaming.ts'
import { RequestAborted } from '../http/body.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { besideDelivery, type GapDelivery, presentPage } from './presenter.ts'

interface PullQuery {
  types?: string
  subject?: string
  filter?: string
  from?: string
  to?: string
  cursor?: string
  limit: number
  waitSeconds: number
  format?: EventFormat
  includeLifecycle?: boolean
  sequence?: string
  webhook?: string
}

/** Members of a page whose deliveries are looked up. */
const WITH_DELIVERIES_MAX = 200

export function createPullHandlers(deps: {
  streaming: Pick<Streaming, 'cursors' | 'resume' | 'pulls' | 'sequences'>
  meters: Pick<Meters, 'count'>
  view: Pick<ControlView, 'find'>
  reads: Pick<Reads, 'deliveriesNamed'>
}) {
  const { streaming, meters, view, reads } = deps

  function answer(
    call: Call,
    log: Log,
    items: Buffer[],
    { position, isAtEnd }: { position: Position; isAtEnd: boolean },
  ) {
    meters.count(log, items.length)
    const nextCursor = streaming.cursors.encode(log, position.offsets, position.sequence)
    return presentPage(items, { requestId: call.requestId, nextCursor, atEnd: isAtEnd })
  }

  async function pull(call: Call, query: PullQuery): Promise<Answer> {
    const log = logOf(ownerOf(call))
    const selection = createSelection({ ...query, types: typesOf(query) }, { isWithheld: !seesPayloads(call) })
    const until = query.to === undefined ? undefined : streaming.resume.limit(log, query.to, 'to')
    refuseEmptyRange(query)
    const from = await startOf(log, query)
    const signal = call.signal()
    const pulled = await streaming.pulls.pull({
      ...{ log, from, until, selection, limit: query.limit, signal },
      waitMs: query.waitSeconds * 1_000,
    })
    // Nobody reads the answer, so nothing is counted.
    if (signal.aborted) throw new RequestAborted()
    return answer(
      call,
      log,
      pulled.records.map(record => envelopeOf(record, selection)),
      pulled,
    )
  }

  function startOf(log: Log, { from, cursor }: PullQuery): Promise<Position> {
    if (from !== undefined && cursor !== undefined) throw exclusive('cursor', 'from')
    return cursor === undefined
      ? streaming.resume.start(log, from ?? 'latest', 'from')
      : streaming.resume.check(log, streaming.cursors.read(log, cursor))
  }

  /** A receiver's gap. */
  async function gap(call: Call, query: PullQuery, sequence: string): Promise<Answer> {
    for (const other of NOT_BESIDE_SEQUENCE) if (query[other] !== undefined) throw exclusive(other, 'sequence')
    const owner = ownerOf(call)
    const log = logOf(owner)
    const range = parseRange(sequence)
    const webhook = query.webhook === undefined ? undefined : webhookOf(owner, query.webhook)
    const form = { format: query.format, isWithheld: !seesPayloads(call) }
    const selection = webhook === undefined ? everything(form) : selectionOfWebhook(webhook, form)
    const limit = webhook === undefined ? query.limit : Math.min(query.limit, WITH_DELIVERIES_MAX)
    const page = await streaming.sequences.read({ log, range, cursor: query.cursor, selection, limit })
    const envelopes = page.records.map(record => envelopeOf(record, selection))
    const items = webhook === undefined ? envelopes : await withDeliveries(owner, webhook, page.records, envelopes)
    return answer(call, log, items, page)
  }

  function webhookOf({ organizationId, environment }: Owner, id: string): Webhook {
    const webhook = view.find('webhook', organizationId, id)
    if (webhook === undefined || webhook.environment !== environment || !isOwnReceiver(webhook))
      throw new ClarionError('not_found', 'There is no such webhook.')
    return webhook
  }

  async function withDeliveries(
    { organizationId, environment }: Owner,
    { id }: Webhook,
    records: readonly LogRecord[],
    envelopes: readonly Buffer[],
  ): Promise<Buffer[]> {
    const ids = records.map(record => deliveryId(factsOf(record).eventId, id))
    const found = new Map(
      (await reads.deliveriesNamed(organizationId, environment, ids)).map(delivery => [delivery.id, delivery]),
    )
    return envelopes.map((envelope, at) => {
      const delivery = found.get(ids[at]!)
      const { status, reason } = delivery ?? {}
      if (status === undefined) return besideDelivery(envelope, unrecorded(records[at]!, id, ids[at]!))
      const skipped = status === 'skipped' && reason ? { skipped: reason } : {}
      return besideDelivery(envelope, { id: ids[at]!, status, ...skipped })
    })
  }

  return {
    async pull(call: Call): Promise<Answer> {
      const query = call.query as unknown as PullQuery
      try {
        return await (query.sequence === undefined ? pull(call, query) : gap(call, query, query.sequence))
      } catch (error) {
        throw error instanceof KafkaError ? unavailable(error) : error
      }
    },
  }
}

const NOT_BESIDE_SEQUENCE = ['types', 'subject', 'filter', 'from', 'to', 'includeLifecycle'] as const

/** The log names the subscribers of an event at once, the history a second later. */
function unrecorded({ headers }: LogRecord, webhookId: string, id: string): GapDelivery | null {
  const subscribers = headers[SUBSCRIBERS_HEADER]
  const isMatched = subscribers !== undefined && readSubscribers(subscribers).includes(subscriberKey(webhookId))
  return isMatched ? { id, status: 'pending' } : null
}

interface Form {
  format: EventFormat | undefined
  isWithheld: boolean
}

const selectionOfWebhook = ({ events, conditions }: Webhook, form: Form): Selection =>
  selectionOf({ selectors: events, filter: conditions ?? undefined, ...form })

const everything = (form: Form): Selection => selectionOf({ selectors: ['*'], includeLifecycle: true, ...form })

function typesOf({ types, webhook }: PullQuery): string {
  if (webhook !== undefined) throw malformed('webhook', 'needs', 'needs sequence beside it')
  if (types === undefined) throw malformed('types', 'required', 'is missing: selectors, separated by commas, or *')
  return types
}

/** Swapped times would look like a time in which nothing happened. Throws `validation_failed`. */
function refuseEmptyRange({ from, to }: PullQuery): void {
  const [fromMs, toMs] = [parseTime(from ?? ''), parseTime(to ?? '')]
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs)
    throw malformed('from', 'range', 'must not lie after to')
}

const exclusive = (name: string, other: string) => malformed(name, 'exclusive', `must not be given beside ${other}`)

const malformed = (name: string, rule: string, message: string) =>
  new ClarionError('validation_failed', `'${name}' ${message}.`, { details: [{ path: `/${name}`, rule, message }] })

const unavailable = (error: KafkaError) =>
  new ClarionError('service_unavailable', 'The log cannot be read now: repeat the call.', {
    retryAfterS: 1,
    cause: error,
  })
