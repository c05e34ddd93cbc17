/**
 * Spans, as the hops of an event see them. With tracing off there is no `Tracing` at all: a hop asks once whether there is one, and
 * OpenTelemetry's SDK is not loaded.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'

export type SpanName = 'emit' | 'relay' | 'admit.judge' | 'deliver.attempt' | 'record.insert'

/** What is undefined or null is left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Span {
  /** What the next hop has for its parent (W3C trace context). There also when the span itself is not recorded. */
  readonly traceparent: string
  /** `error`: why it counts as failed. To be called once; a span that never ends is never sent. */
  end(attributes: Attributes, error?: string): void
}

export interface Tracing {
  /**
   * @param parent `traceparent` of the span before; null begins a trace.
   * @param startedAtMs by the machine's clock, ms since 1970; now unless said.
   */
  begin(name: SpanName, parent: string | null, startedAtMs?: number): Span
  /** Sends what is left, for at most a few seconds. */
  close(): Promise<void>
}

export interface TracingSettings {
  /** Base address of an OTLP/HTTP collector, without `/v1/traces`. Undefined: no tracing. */
  otlpEndpoint: string | undefined
  serviceName: string
  /** Share of the traces begun here that is recorded, 0 to 1. A trace begun elsewhere is recorded if it is there. */
  traceRatio: number
}

/** Undefined when no collector is set. */
export async function openTracing(deps: {
  config: TracingSettings & { roles: readonly string[] }
  clock: Clock
  logger: Logger
}): Promise<Tracing | undefined> {
  const { otlpEndpoint, ...settings } = deps.config
  if (otlpEndpoint === undefined) return undefined
  const { startTracing } = await import('./otlp.ts')
  return startTracing({ ...deps, settings: { ...settings, otlpEndpoint } })
}
