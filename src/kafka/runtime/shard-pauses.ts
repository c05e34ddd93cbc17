/** The paused organizations of a shard, over all its sessions: connects `availability.ts` to the shard. */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { OutRecord, Processor, Unavailable } from '../ports.ts'
import { type KafkaSettings, openWire, type Wire } from '../protocol/wire.ts'
import type { FailedTopic } from '../write/commit-failed.ts'
import { type Availability, createAvailability } from './availability.ts'
import type { InputQueue } from './input-queue.ts'

/** Provisioning sets and requires this value. */
const minInSync = (replicas: number): number => (replicas >= 3 ? 2 : 1)

export interface ShardPauses {
  /** Before the first transaction of a session. */
  open(): Promise<void>
  isPausable(topic: string): boolean
  unavailable(topic: string): Unavailable | undefined
  paused(): Unavailable[]
  failed(topics: readonly FailedTopic[]): void
  committed(records: readonly OutRecord[]): void
  /** An input is no longer read. */
  unassigned(input: string): void
  close(): Promise<void>
}

export function createShardPauses(deps: {
  kafka: KafkaSettings
  processor: Processor
  clock: Clock
  logger: Logger
  inputs: Pick<InputQueue, 'available' | 'find'>
  isPausable(topic: string): boolean
  /** Inputs have become available again. */
  onRelease(): void
  onChange(topic: string): void
}): ShardPauses {
  const { processor, clock, logger, inputs } = deps
  let wire: Wire | undefined
  let availability: Availability | undefined
  let isClosed = false
  const isFor = (topic: string) => (input: string) => processor.pausesOn?.(input) === topic

  return {
    async open() {
      if (!processor.pausesOn || availability) return
      const opened = await openWire(deps.kafka, logger)
      if (isClosed) {
        await opened.close()
        return
      }
      wire = opened
      availability = createAvailability({
        clock,
        cluster: opened.cluster,
        minInSync,
        isAwaited: topic => inputs.find(isFor(topic)).isWaiting,
        onChange: deps.onChange,
        onRelease(topic) {
          inputs.available(isFor(topic))
          deps.onRelease()
        },
      })
    },
    isPausable: topic => availability !== undefined && deps.isPausable(topic),
    unavailable: topic => availability?.of(topic),
    paused: () => availability?.unavailable().filter(({ isPaused }) => isPaused) ?? [],
    failed: topics => availability?.failed(topics),
    committed: records => availability?.committed(topicsOf(records)),
    unassigned(input) {
      const topic = processor.pausesOn?.(input)
      // The search below goes through all inputs, and mostly nothing is held.
      if (topic === undefined || !availability?.isHeld(topic)) return
      // A rollback offers the same input again at once; its hold must stay.
      queueMicrotask(() => {
        if (!isClosed && !inputs.find(isFor(topic)).isAssigned) availability?.forget(topic)
      })
    },
    async close() {
      isClosed = true
      availability?.close()
      await wire?.close()
    },
  }
}

function* topicsOf(records: readonly OutRecord[]): Generator<string> {
  for (const { topic } of records) yield topic
}
