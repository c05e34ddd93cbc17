/** One bus or another by an option, so that an application leaves the choice to its settings. */
import type { BusBase, BusOptions } from './bus-base.ts'
import { KafkaBus, type KafkaBusOptions } from './kafka/kafka-bus.ts'
import { InMemoryBus } from './memory-bus.ts'

export type BusSettings = ({ kind?: 'memory' } & BusOptions) | ({ kind: 'kafka' } & KafkaBusOptions)

/** In memory unless another kind is given. */
export function createBus(settings: BusSettings = {}): BusBase {
  const { kind = 'memory' } = settings
  if (settings.kind === 'kafka') return new KafkaBus(settings)
  if (kind !== 'memory') throw new TypeError(`There is no bus of kind '${kind}': it is memory or kafka.`)
  return new InMemoryBus(settings)
}
