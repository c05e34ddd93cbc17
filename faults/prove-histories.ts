/** What the answers of an ordered queue prove: nothing out twice, nothing overtaken, nothing again, nothing lost. */
import type { Findings } from './findings.ts'
import { type Histories, LEASE_MS, type Receipt } from './histories.ts'

export interface HistoryEvent {
  id: string
  subject: string | null
  sequence: number
}

/** The queue's own counts, once everything is settled. */
export interface HistoryStats {
  ready: number
  inFlight: number
  delayed: number
  held: number
  dead: number
  handedOut: number
  acked: number
}

/** `log`: the events that the queue selects. */
export function proveHistories(
  findings: Findings,
  { receipts, ackSentMs, ackedMs }: Pick<Histories, 'receipts' | 'ackSentMs' | 'ackedMs'>,
  log: readonly HistoryEvent[],
  stats: HistoryStats,
): void {
  for (const { id } of log) findings.check('each event of an ordered queue was acked', ackedMs.has(id), () => id)
  const known = new Set(log.map(({ id }) => id))
  for (const [id, list] of Map.groupBy(receipts, receipt => receipt.id)) {
    findings.check('an ordered queue hands out what it selects alone', known.has(id), () => id)
    const twice = leasedTwice(list)
    findings.check('no message is in two leases', twice === undefined, () => `${id}, ${twice}`)
    const again = list.find(({ askedMs }) => askedMs > (ackedMs.get(id) ?? Number.POSITIVE_INFINITY))
    findings.check('nothing of an ordered queue comes again once its ack was answered', again === undefined, () => id)
  }
  const bySubject = Map.groupBy(log, ({ subject }) => subject)
  const together = Map.groupBy(receipts, ({ answeredMs, askedMs }) => `${askedMs}/${answeredMs}`)
  for (const receipt of receipts) {
    const overtaken = (bySubject.get(receipt.subject) ?? []).find(
      event => event.sequence < receipt.sequence && !isBefore(event, receipt, ackSentMs, together),
    )
    findings.check('no message overtakes another one of its subject', overtaken === undefined, () => `${receipt.id} came before ${overtaken?.id} was settled`) // biome-ignore format: one thought
  }
  const { ready, inFlight, delayed, held, dead, handedOut, acked } = stats
  const left = ready + inFlight + delayed + held + dead
  const counts = () => JSON.stringify(stats)
  findings.check('an ordered queue is empty in the end', left === 0, counts)
  findings.check('an ordered queue counts each message once', handedOut === log.length && acked === log.length, () => `${counts()} of ${log.length}`) // biome-ignore format: one thought
}

/** Two hand-outs of a message, the second one certainly within the lease of the first, which nothing had ended. */
function leasedTwice(list: readonly Receipt[]): string | undefined {
  for (const first of list)
    for (const second of list) {
      const isLater = first.answeredMs < second.askedMs
      const isLeased = second.answeredMs < first.askedMs + LEASE_MS
      const isOpen = first.settledMs === undefined || first.settledMs > second.answeredMs
      if (isLater && isLeased && isOpen)
        return `${Math.round(first.askedMs)} to ${Math.round(first.answeredMs)} and ${Math.round(second.askedMs)} to ${Math.round(second.answeredMs)}`
    }
  return undefined
}

/** Its ack had been sent by then, or it is in front of the other one in the same answer. */
function isBefore(
  { id }: HistoryEvent,
  later: Receipt,
  ackSentMs: ReadonlyMap<string, number>,
  together: ReadonlyMap<string, readonly Receipt[]>,
): boolean {
  if ((ackSentMs.get(id) ?? Number.POSITIVE_INFINITY) < later.answeredMs) return true
  const answer = together.get(`${later.askedMs}/${later.answeredMs}`) ?? []
  return answer.some(other => other.id === id && other.at < later.at)
}
