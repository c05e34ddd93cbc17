/**
 * One lane: the flows that are ready for its broker, its requests under way, and the producer that numbers its batches.
 * A producer is opened when the lane first sends, and another one after it was spoiled.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { KafkaError, Wire } from '../protocol/wire.ts'
import type { Flow, LaneProducer } from './flow.ts'
import type { RequestUnderWay } from './lane-connections.ts'
import { COORDINATOR_NOT_NOW } from './repeat.ts'
import { asKafkaError, backOffMs } from './send-batches.ts'
import { createSequencedProducer } from './sequences.ts'

const PRODUCER_TIMEOUT_MS = 60_000

export interface Lane {
  node: number
  producer: LaneProducer | undefined
  isOpening: boolean
  openingTries: number
  /** By the number of their connection. */
  requests: Array<RequestUnderWay | undefined>
  ready: Set<Flow>
  lateTimer: Timer | undefined
}

export const createLane = (node: number): Lane => ({
  node,
  producer: undefined,
  isOpening: false,
  openingTries: 0,
  requests: [],
  ready: new Set(),
  lateTimer: undefined,
})

export interface LaneProducers {
  open(lane: Lane): Promise<void>
  /**
   * Its sequence numbers may be ahead of the log: the next batch of its lane belongs to a new producer, which begins at
   * zero.
   */
  spoil(producer: LaneProducer, error: KafkaError): void
}

export function createLaneProducers(deps: {
  wire: Pick<Wire, 'initProducerId'>
  clock: Clock
  lanes: ReadonlyMap<number, Lane>
  /** The lane can send, or may try again to open its producer. */
  onOpen(lane: Lane): void
  /** Waiting does not help. */
  onRefused(lane: Lane, error: KafkaError): void
  onNewProducer: ((node: number, error: KafkaError) => void) | undefined
}): LaneProducers {
  const { wire, clock } = deps

  async function open(lane: Lane): Promise<void> {
    if (lane.isOpening) return
    lane.isOpening = true
    try {
      const identity = await wire.initProducerId(null, PRODUCER_TIMEOUT_MS)
      lane.producer = { ...createSequencedProducer(identity, false), isSpoiled: false }
      lane.openingTries = 0
      lane.isOpening = false
      deps.onOpen(lane)
    } catch (thrown) {
      const error = asKafkaError(thrown)
      if (!COORDINATOR_NOT_NOW.has(error.type)) deps.onRefused(lane, error)
      for (const flow of lane.ready) flow.lastError = error
      lane.openingTries++
      clock.after(backOffMs(lane.openingTries), () => {
        lane.isOpening = false
        deps.onOpen(lane)
      })
    }
  }

  function spoil(producer: LaneProducer, error: KafkaError): void {
    if (producer.isSpoiled) return
    producer.isSpoiled = true
    for (const lane of deps.lanes.values()) if (lane.producer === producer) deps.onNewProducer?.(lane.node, error)
  }

  return { open, spoil }
}
