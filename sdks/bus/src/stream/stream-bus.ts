/** A bus over the HTTP API of a Clarion platform: no broker is needed, an API key is enough. */
import type { BusOptions } from '../bus-base.ts'
import { systemClock, systemRandom } from '../clock.ts'
import { DurableBus } from '../durable/durable-bus.ts'
import { type CursorStore, MemoryCursorStore } from './cursor-store.ts'
import { StreamTransport } from './transport.ts'

export interface StreamBusOptions extends BusOptions {
  /** Address of the platform. */
  url: string
  /** With the scopes `events:emit` and `events:read`, and the right to read payloads. */
  apiKey: string
  /** Selectors of what the platform sends; subscriptions choose among it. Default `['*']`. */
  types?: readonly string[]
  /** Keeps the place over restarts. By default it lasts as long as the bus. */
  cursors?: CursorStore
  /** Where a reader without a place begins. Default `latest`: with the next event. */
  from?: 'latest' | 'earliest'
  /** What happens when the place is older than the log: reading ends (the default), or goes on with the oldest event; both are reported. */
  onExpired?: 'fail' | 'continue'
  /** A name: a second connection of the same name ends the first. By default one that no other bus has. */
  client?: string
  fetch?: typeof fetch
}

/** `publish` resolves with the verdict: a refused event rejects with `event_refused`, and the platform's code as `reason`. */
export class StreamBus extends DurableBus {
  constructor(options: StreamBusOptions) {
    for (const name of ['url', 'apiKey'] as const)
      if (typeof options[name] !== 'string' || options[name] === '') throw new TypeError(`StreamBus needs ${name}`)
    const { url, apiKey, clock = systemClock, random = systemRandom } = options
    const transport = new StreamTransport({
      platform: { url, apiKey, clock, fetch: options.fetch ?? globalThis.fetch },
      types: options.types ?? ['*'],
      cursors: options.cursors ?? new MemoryCursorStore(),
      from: options.from ?? 'latest',
      onExpired: options.onExpired ?? 'fail',
      client: options.client ?? `bus-${random.id()}`,
      random,
    })
    super(transport, options)
  }
}
