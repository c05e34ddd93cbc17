/** Messages of queues, with the payloads' own bytes inside. */
import { isoTime } from '../../json/iso-time.ts'
import type { DeadLetter, HandedOut, PeekAnswer } from '../../queues/calls.ts'
import { JSON_TYPE } from '../http/envelope.ts'
import type { Answer } from '../http/route.ts'
import type { Result } from './queue-messages.ts'

export function presentResults(results: readonly Result[]) {
  return results.map(result => {
    const { receipt, status } = result
    if (!('visibleAtMs' in result) || result.visibleAtMs === undefined) return { receipt, status }
    return { receipt, status, visibleAt: isoTime(result.visibleAtMs) }
  })
}

export function presentReceived(
  messages: ReadonlyArray<{ message: HandedOut; envelope: Buffer; receipt: string }>,
  results: object[] | undefined,
  requestId: string,
): Answer {
  const items = messages.map(({ message, envelope, receipt }) => {
    const { receiveCount, firstReceivedAtMs, visibleAtMs, deadFrom } = message
    const times = `"firstReceivedAt":"${isoTime(firstReceivedAtMs)}","visibleAt":"${isoTime(visibleAtMs)}"`
    const from = deadFrom === null ? '' : `,"deadFrom":${JSON.stringify(deadFrom)}`
    // Written as text, because a receive brings up to a hundred.
    return beside(envelope, `"receipt":"${receipt}","receiveCount":${receiveCount},${times}${from}`)
  })
  const rest = results === undefined ? '' : `,"results":${JSON.stringify(results)}`
  return plain(`{"messages":[${items.join(',')}]${rest}}`, { requestId })
}

export function presentPeeked(
  messages: ReadonlyArray<{ message: PeekAnswer['messages'][number]; envelope: Buffer }>,
  requestId: string,
): Answer {
  const items = messages.map(({ message, envelope }) => beside(envelope, `"receiveCount":${message.receiveCount}`))
  return plain(`[${items.join(',')}]`, { requestId })
}

export function presentDead(
  items: ReadonlyArray<{ each: DeadLetter; envelope: Buffer | undefined }>,
  requestId: string,
  nextCursor: string | null,
): Answer {
  const shown = items.map(({ each, envelope }) => {
    const { eventId, receiveCount, reason, deadAtMs, firstReceivedAtMs } = each
    const firstReceivedAt = firstReceivedAtMs === 0 ? null : isoTime(firstReceivedAtMs)
    const facts = JSON.stringify({ eventId, receiveCount, reason, deadAt: isoTime(deadAtMs), firstReceivedAt })
    return `${facts.slice(0, -1)},"event":${envelope?.toString() ?? 'null'}}`
  })
  return plain(`[${shown.join(',')}]`, { requestId, nextCursor })
}

/** Members beside those of the envelope. */
const beside = (envelope: Buffer, members: string): string =>
  `${envelope.toString('utf8', 0, envelope.length - 1)},${members}}`

function plain(data: string, meta: object): Answer {
  return { plain: { contentType: JSON_TYPE, body: `{"success":true,"data":${data},"meta":${JSON.stringify(meta)}}` } }
}
