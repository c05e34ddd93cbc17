/** One bus or another by an option, so that an application leaves the choice to its settings. */
import type { BusBase, BusOptions } from './bus-base.ts'
import { KafkaBus, type KafkaBusOptions } from './kafka/kafka-bus.ts'
import { InMemoryBus } from './memory-bus.ts'
import { StreamBus, type StreamBusOptions } from './stream/stream-bus.ts'

export type BusSettings =
  | ({ kind?: 'memory' } & BusOptions)
  | ({ kind: 'kafka' } & KafkaBusOptions)
  | ({ kind: 'stream' } & StreamBusOptions)

/** In memory unless another kind is given. */
export function createBus(settings: BusSettings = {}): BusBase {
  const { kind = 'memory' } = settings
  if (settings.kind === 'kafka') return new KafkaBus(settings)
  if (settings.kind === 'stream') return new StreamBus(settings)
  if (kind !== 'memory') throw new TypeError(`There is no bus of kind '${kind}': it is memory, kafka or stream.`)
  return new InMemoryBus(settings)
}
