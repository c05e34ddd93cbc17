/**
 * The interface of spans. With tracing off there is no `Tracing` object, so each hop makes one check, and
 * OpenTelemetry's SDK is not loaded.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'

export type SpanName = 'emit' | 'relay' | 'admit.judge' | 'deliver.attempt' | 'record.insert'

/** Undefined and null values are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Span {
  /** The parent for the next hop (W3C trace context). Present even when the span itself is not recorded. */
  readonly traceparent: string
  /** `error`: the reason why the span failed. Call it once; a span that never ends is never sent. */
  end(attributes: Attributes, error?: string): void
}

export interface Tracing {
  /**
   * @param parent `traceparent` of the parent span; null starts a trace.
   * @param startedAtMs by the machine's clock, ms since 1970; default: now.
   */
  begin(name: SpanName, parent: string | null, startedAtMs?: number): Span
  /** Sends pending spans, for at most a few seconds. */
  close(): Promise<void>
}

export interface TracingSettings {
  /** Base address of an OTLP/HTTP collector, without `/v1/traces`. Undefined: no tracing. */
  otlpEndpoint: string | undefined
  serviceName: string
  /**
   * Share of the traces started here that is recorded, 0 to 1. A trace from elsewhere is recorded if it is recorded
   * there.
   */
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
