/**
 * The fetches from one broker, one after the other until the reader is closed. Partitions placed there since the last
 * request count as read once it has been answered; after a failed one, the leaders of all are looked up again.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Fetched } from '../protocol/fetch-request.ts'
import type { FetchNode, FetchNodes } from './fetch-nodes.ts'
import type { WatchLate } from './late-answers.ts'
import type { LazyWire } from './lazy-wire.ts'
import type { Placing } from './placing.ts'
import type { LogReaderSettings } from './reader-settings.ts'
import type { Reading } from './reading.ts'

/** Returns the loop of a session. */
export function createFetchLoop(deps: {
  settings: LogReaderSettings
  clock: Clock
  logger: Logger
  wire: Pick<LazyWire, 'open' | 'current'>
  nodes: Pick<FetchNodes, 'sweep' | 'takeOver'>
  placing: Pick<Placing, 'fail' | 'recovered'>
  watchLate: WatchLate
  isClosed(): boolean
  /** Whether this reading is still active. */
  isRead(reading: Reading): boolean
  /** Some partition is paused for a moment: its resume must not wait for an answer. */
  isSomePausedBriefly(): boolean
  /** Whether the owner has time for larger batches. */
  allowBatching: (() => boolean) | undefined
  /** The answer has records or errors of the session's partitions. */
  take(node: FetchNode, answer: Fetched): void
}): (node: FetchNode) => Promise<void> {
  const { settings, clock, logger, wire, nodes, placing } = deps

  async function readFrom(node: FetchNode): Promise<void> {
    let troubles = 0
    while (!deps.isClosed()) {
      nodes.takeOver(node)
      if (node.session.idle()) {
        await new Promise<void>(resolve => {
          node.wake = resolve
        })
        node.wake = undefined
        continue
      }
      try {
        await fetchOnce(node)
        troubles = 0
      } catch (error) {
        if (deps.isClosed()) return
        troubles++
        logger.warn(
          { node: node.session.nodeId, error: String(error) },
          'a fetch failed; looking for the leaders again',
        )
        node.unproven.clear()
        for (const [, reading] of node.session.empty()) {
          wire.current()?.cluster.stale(reading.topic)
          placing.fail(reading, 'unreachable', 'none')
        }
        await clock.sleep(Math.min(20 * 2 ** troubles, 1_000))
      }
    }
  }

  async function fetchOnce(node: FetchNode): Promise<void> {
    const { session } = node
    if (!node.isQuiet) nodes.sweep(node)
    const holding = holdingOf(node)
    const proving = node.unproven.size === 0 ? undefined : [...node.unproven]
    node.unproven.clear()
    const request = session.request({ ...settings, ...holding })
    let answer: Fetched
    const late = deps.watchLate(node, holding.maxWaitMs + settings.lateMs)
    try {
      answer = await (await wire.open()).send(session.nodeId, request, node.lane)
    } finally {
      late.cancel()
    }
    if (deps.isClosed()) return
    const isAccepted = session.accept(answer)
    if (isAccepted) deps.take(node, answer)
    for (const [key, reading] of proving ?? []) {
      if (!session.has(key) || !deps.isRead(reading)) continue
      if (isAccepted) {
        reading.isFromStart = false
        placing.recovered(reading)
      } else node.unproven.set(key, reading)
    }
  }

  /** How long the broker may hold the next answer. */
  function holdingOf({ isQuiet }: FetchNode): { maxWaitMs: number; bytesMin: number } {
    if (deps.isSomePausedBriefly() && !isQuiet) return { maxWaitMs: settings.maxWaitWhilePausedMs, bytesMin: 1 }
    if (deps.allowBatching?.()) return { maxWaitMs: settings.batchingWaitMs, bytesMin: settings.batchingBytesMin }
    return { maxWaitMs: isQuiet ? settings.quietWaitMs : settings.maxWaitMs, bytesMin: 1 }
  }

  return readFrom
}
