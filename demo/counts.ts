/**
 * The same figures from four sources: what must be, what the demo saw itself, what the rows in ClickHouse say, and what the meters say. A
 * source that cannot know a figure leaves it out.
 */
import type { Judged } from './emit.ts'
import type { DemoWebhook } from './organization.ts'
import type { ReadBack } from './read-back.ts'
import { FAIL_EVERY, type Received } from './receiver.ts'
import { GENERIC, type Send, type Verdict } from './sends.ts'

export const SOURCES = ['expected', 'seen', 'rows', 'meters'] as const
export type Source = (typeof SOURCES)[number]
/** Figures by name. */
export type Counts = Record<string, number>
/** A line of the result: a figure, from the sources that know it. */
export interface Line {
  name: string
  figures: Partial<Record<Source, number>>
  agrees: boolean
}

const REJECTED = 'rejected: '

export function expectedCounts(sends: readonly Send[], webhooks: readonly DemoWebhook[]): Counts {
  const accepted = sends.filter(send => send.expected === 'accepted')
  const deliveries = accepted.reduce((sum, send) => sum + webhooks.filter(webhook => webhook.matches(send)).length, 0)
  const retried = Math.floor(deliveries / FAIL_EVERY)
  return {
    ...verdictCounts(sends.map(send => ({ verdict: send.expected, name: send.name }))),
    ...{
      deliveries,
      delivered: deliveries,
      retried,
      attempts: deliveries + retried,
      verified: deliveries + retried,
      unchanged: deliveries,
    },
  }
}

export function seenCounts(judged: readonly Judged[], requests: readonly Received[]): Counts {
  const different = (received: readonly Received[]) => new Set(received.map(each => each.deliveryId)).size
  const payloads = new Map(
    judged.filter(each => each.verdict === 'accepted').map(each => [each.eventId, each.send.payload]),
  )
  const delivered = requests.filter(each => each.status < 300)
  return {
    ...verdictCounts(judged.map(({ verdict, send }) => ({ verdict, name: send.name }))),
    deliveries: different(requests),
    delivered: different(delivered),
    retried: different(requests.filter(each => each.attempt > 1)),
    attempts: requests.length,
    verified: requests.filter(each => each.verified).length,
    unchanged: different(delivered.filter(({ eventId, body }) => body.includes(`"data":${payloads.get(eventId)}`))),
  }
}

export function rowCounts({ emits, deliveries }: ReadBack): Counts {
  return {
    ...verdictCounts(emits.map(({ verdict, code, name }) => ({ verdict: code ?? verdict, name }))),
    deliveries: deliveries.length,
    delivered: deliveries.filter(each => each.status === 'success').length,
    retried: deliveries.filter(each => each.attempts > 1).length,
    attempts: deliveries.reduce((sum, each) => sum + each.attempts, 0),
  }
}

export function meterCounts({ meters }: ReadBack): Counts {
  return {
    accepted: meters.emits ?? 0,
    'accepted, generic': meters.emits_generic ?? 0,
    delivered: meters.deliveries_succeeded ?? 0,
    attempts: meters.webhook_attempts ?? 0,
  }
}

/** One line for each figure that any source knows; a code that one source has never heard of counts 0 there. */
export function compare(counts: Record<Source, Counts>): Line[] {
  const names = new Set([...Object.keys(counts.expected), ...SOURCES.flatMap(source => Object.keys(counts[source]))])
  return [...names]
    .sort((a, b) => placeOf(a) - placeOf(b))
    .map(name => {
      const figures: Line['figures'] = {}
      for (const source of SOURCES) {
        const figure = counts[source][name] ?? (name.startsWith(REJECTED) && source !== 'meters' ? 0 : undefined)
        if (figure !== undefined) figures[source] = figure
      }
      return { name, figures, agrees: new Set(Object.values(figures)).size === 1 }
    })
}

function verdictCounts(judged: ReadonlyArray<{ verdict: Verdict; name: string }>): Counts {
  const accepted = judged.filter(each => each.verdict === 'accepted')
  const counts: Counts = {
    emitted: judged.length,
    accepted: accepted.length,
    'accepted, generic': accepted.filter(each => each.name === GENERIC).length,
    duplicate: judged.filter(each => each.verdict === 'duplicate').length,
  }
  for (const { verdict } of judged) {
    if (verdict === 'accepted' || verdict === 'duplicate') continue
    counts[REJECTED + verdict] = (counts[REJECTED + verdict] ?? 0) + 1
  }
  return counts
}

const ORDER = [
  'emitted',
  'accepted',
  'accepted, generic',
  'duplicate',
  REJECTED,
  'deliveries',
  'delivered',
  'retried',
  'attempts',
  'verified',
]
const placeOf = (name: string) =>
  (ORDER.indexOf(name.startsWith(REJECTED) ? REJECTED : name) + ORDER.length + 1) % (ORDER.length + 1)
