/**
 * The books of queues, which must agree to the unit. What came into a queue is settled, here, or in another queue; and
 * between two checks a queue has taken as many events as its log has for it.
 */
import type { ControlView } from '../model/control-view.ts'
import type { QueueRecord } from '../model/queues.ts'
import type { Finding } from './finding.ts'
import type { QueueBooks, QueueFigures } from './queue-figures.ts'

export interface QueueCheck {
  /** Findings of the queues of these organizations, which are of the shard. */
  check(shard: number, organizationIds: ReadonlySet<string>, nowMs: number): Promise<Finding[]>
}

/** How long the owner of a queue may go on by its former selectors. */
const VIEW_LAG_MS = 60_000

interface Seen {
  books: QueueBooks
  atMs: number
}

export function createQueueCheck(deps: { figures: QueueFigures; view: Pick<ControlView, 'find'> }): QueueCheck {
  const { figures, view } = deps
  /** As the last check of this process found them. */
  const seen = new Map<string, Seen>()
  /** Those that differed stay findings until they are counted from a new place. */
  const differing = new Map<string, Finding>()

  async function ofQueue(queue: QueueRecord, books: QueueBooks, nowMs: number): Promise<Finding[]> {
    const balance = balanceOf(queue, books)
    const before = seen.get(queue.id)
    seen.set(queue.id, { books, atMs: nowMs })
    if (before === undefined || !isComparable(queue, before, books)) differing.delete(queue.id)
    else {
      const counted = await figures.matching(queue, before.books.offsets, books.offsets)
      if (counted !== undefined) compareMatched(queue, before.books, books, counted)
    }
    const matched = differing.get(queue.id)
    return [...(balance === undefined ? [] : [balance]), ...(matched === undefined ? [] : [matched])]
  }

  function compareMatched(queue: QueueRecord, before: QueueBooks, now: QueueBooks, counted: number): void {
    const taken = now.matched - before.matched
    if (taken === counted) return
    const message = `The queue ${queue.name} has taken ${taken} events of a stretch of its log, which has ${counted} for it.`
    differing.set(queue.id, { ...about(queue), of: 'matched', expected: counted, actual: taken, message })
  }

  return {
    async check(shard, organizationIds, nowMs) {
      const findings: Finding[] = []
      const all = await figures.books(shard)
      for (const books of all.values()) {
        if (!organizationIds.has(books.organizationId)) continue
        const queue = view.find('queue', books.organizationId, books.queueId)
        if (queue !== undefined) findings.push(...(await ofQueue(queue, books, nowMs)))
        else forget(books.queueId)
      }
      for (const [queueId, { books }] of seen)
        if (organizationIds.has(books.organizationId) && !all.has(queueId)) forget(queueId)
      return findings
    },
  }

  function forget(queueId: string): void {
    seen.delete(queueId)
    differing.delete(queueId)
  }
}

/** Its selectors were those of now during the whole stretch, and nothing of it was purged. */
function isComparable({ updatedAt }: QueueRecord, before: Seen, now: QueueBooks): boolean {
  const isUnchanged = Date.parse(updatedAt) < before.atMs - VIEW_LAG_MS
  return isUnchanged && before.books.purge === now.purge && now.matched >= before.books.matched
}

function balanceOf(queue: QueueRecord, { matched, brought, left, settled, here }: QueueBooks): Finding | undefined {
  const [came, known] = [matched + brought, settled + left + here]
  if (came === known) return undefined
  const message = `${came} messages came into the queue ${queue.name}, and ${known} are settled, in it or in others.`
  return { ...about(queue), of: 'balance', expected: came, actual: known, message }
}

const about = ({ organizationId, environment, id }: QueueRecord) => ({
  ...({ organizationId, environment, check: 'queue', month: null, queueId: id } as const),
})
