/** From an empty organization to the table. */
import type { Clock } from '../src/clock.ts'
import { type Client, DemoError } from './client.ts'
import { readCorpus } from './corpus.ts'
import { type Counts, compare, expectedCounts, meterCounts, rowCounts, type Source, seenCounts } from './counts.ts'
import { emitAll, type Judged } from './emit.ts'
import { createWebhooks, type DemoWebhook, receiverNotAllowed, registerEvents } from './organization.ts'
import type { Progress } from './progress.ts'
import { type DeliveryRow, type ReadBack, readBack } from './read-back.ts'
import type { Receiver } from './receiver.ts'
import { countsTable, latencyTable } from './report.ts'
import { corpusSends, repeatedSends, wrongSends } from './sends.ts'

export interface RunThroughDeps {
  client: Client
  receiver: Receiver
  /** Where the receiver listens. */
  host: string
  clock: Clock
  progress: Progress
  signal: AbortSignal
}

/** As long as something arrives, the rest is waited for. */
const SILENCE_MS = 15_000
const POLL_MS = 50
/** If nothing at all has arrived by then, the demo asks the platform for the reason. */
const FIRST_ARRIVAL_MS = 2_000

/** `agrees`: no two sources of any figure differ. Throws a sentence if the receiver cannot be reached. */
export async function runThrough(deps: RunThroughDeps): Promise<{ agrees: boolean; report: string }> {
  const { client, receiver, progress } = deps
  const corpus = readCorpus()
  const first = corpusSends(corpus)
  const then = [...wrongSends(corpus, first), ...repeatedSends(first)]

  await registerEvents(client)
  const webhooks = await createWebhooks(client, receiver, deps.host)
  const expected = expectedCounts([...first, ...then], webhooks)
  progress.say(
    `Sending ${first.length} payloads of GitHub's webhooks, and ${then.length} emits that are wrong or repeated on purpose`,
  )

  const judged: Judged[] = []
  progress.watch(() => progressLine(expected, judged, receiver))
  await emitAll(deps, first, judged)
  await emitAll(deps, then, judged)
  await untilDelivered(deps, webhooks, expected.delivered!)
  progress.end()

  const countsOf = (found: ReadBack): Record<Source, Counts> => ({
    expected,
    seen: seenCounts(judged, receiver.requests),
    rows: rowCounts(found),
    meters: meterCounts(found),
  })
  progress.say('Reading back what ClickHouse has')
  const lines = compare(
    countsOf(await readBack(deps, webhooks, found => compare(countsOf(found)).every(line => line.agrees))),
  )
  const agrees = lines.every(line => line.agrees)
  return { agrees, report: `${countsTable(lines)}\n\n${latencyTable(judged, receiver.requests)}` }
}

function progressLine(expected: Counts, judged: readonly Judged[], { requests }: Receiver): string {
  const accepted = judged.filter(each => each.verdict === 'accepted').length
  const delivered = requests.filter(each => each.status < 300).length
  const failed = requests.filter(each => each.status === 500).length
  const emits = `emitted ${judged.length}/${expected.emitted}, accepted ${accepted}`
  return `${emits}, delivered ${delivered}/${expected.delivered}, failed on purpose ${failed}`
}

/** Resolves when every delivery has arrived, or nothing has for a while. */
async function untilDelivered(deps: RunThroughDeps, webhooks: readonly DemoWebhook[], expected: number): Promise<void> {
  const { clock, receiver, signal } = deps
  const delivered = () => new Set(receiver.requests.filter(each => each.status < 300).map(each => each.deliveryId)).size
  const beganMs = clock.monotonicMs()
  const sinceMs = () => clock.monotonicMs() - (receiver.requests.at(-1)?.atMs ?? beganMs)
  while (delivered() < expected && sinceMs() < SILENCE_MS) {
    signal.throwIfAborted()
    if (receiver.requests.length === 0 && sinceMs() > FIRST_ARRIVAL_MS) await explainSilence(deps, webhooks[0]!)
    await clock.sleep(POLL_MS)
  }
}

/** Throws what the platform says about its attempts, if it has made some. */
async function explainSilence({ client, host }: RunThroughDeps, webhook: DemoWebhook): Promise<void> {
  const deliveries = await client.ask<DeliveryRow[]>('GET', `/api/v1/webhooks/${webhook.id}/deliveries`)
  const failed = deliveries.find(each => each.lastErrorKind !== null)
  if (failed?.lastErrorKind === 'blocked_address')
    throw receiverNotAllowed(host, `${failed.lastErrorKind}: ${failed.lastError}`)
  if (failed)
    throw new DemoError(
      `the platform does not reach the demo's receiver (${failed.lastErrorKind}: ${failed.lastError}); see --listen`,
    )
}
