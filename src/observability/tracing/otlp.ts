/**
 * Spans of OpenTelemetry's SDK, sent over OTLP/HTTP in JSON. Only `openTracing` loads this file. The exporter and the
 * batching read the rest of the standard's variables themselves (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_…`).
 */
import {
  type Context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import type { Clock } from '../../clock.ts'
import { formatTraceparent, parseTraceparent } from '../../events/trace-context.ts'
import type { Logger } from '../../logger.ts'
import type { Attributes, Span, SpanName, Tracing, TracingSettings } from './tracing.ts'

const SCOPE = 'clarion'
/** A collector that is away must not delay a stop. */
const CLOSE_MS_MAX = 3_000
/** Longest error message; an endpoint's answer may be longer. */
const ERROR_CHARACTERS_MAX = 300

/** Kinds of the semantic conventions: server, client, consumer. */
const KINDS: Readonly<Record<SpanName, SpanKind>> = {
  emit: SpanKind.SERVER,
  relay: SpanKind.CONSUMER,
  'admit.judge': SpanKind.CONSUMER,
  'deliver.attempt': SpanKind.CLIENT,
  'record.insert': SpanKind.CLIENT,
}

export function startTracing(deps: {
  settings: TracingSettings & { otlpEndpoint: string; roles: readonly string[] }
  clock: Clock
  logger: Logger
}): Tracing {
  const { settings, clock, logger } = deps
  // A failure of the collector is logged here, batch by batch, and has no other effect.
  const warn = (message: string) => logger.warn({ error: message }, 'tracing')
  const silent = () => undefined
  diag.setLogger(
    { error: warn, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': settings.serviceName, 'clarion.roles': [...settings.roles] }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.traceRatio) }),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${settings.otlpEndpoint.replace(/\/+$/, '')}/v1/traces` })),
    ],
  })
  const tracer = provider.getTracer(SCOPE)
  return {
    begin: (name, parent, startedAtMs) => begin(tracer, name, parent, startedAtMs),
    async close() {
      const flushed = provider.shutdown().catch(error => warn(String(error)))
      await Promise.race([flushed, clock.sleep(CLOSE_MS_MAX)])
    },
  }
}

function begin(tracer: Tracer, name: SpanName, parent: string | null, startedAtMs: number | undefined): Span {
  const options = { kind: KINDS[name], ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }) }
  const span = tracer.startSpan(name, options, contextOf(parent))
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceparent: formatTraceparent({ traceId, spanId, flags: traceFlags }),
    end(attributes, error) {
      if (span.isRecording()) {
        span.setAttributes(present(attributes))
        if (error !== undefined)
          span.setStatus({ code: SpanStatusCode.ERROR, message: error.slice(0, ERROR_CHARACTERS_MAX) })
      }
      span.end()
    },
  }
}

function contextOf(parent: string | null): Context {
  if (parent === null) return ROOT_CONTEXT
  const { traceId, spanId, flags } = parseTraceparent(parent)
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags, isRemote: true })
}

function present(attributes: Attributes): Record<string, string | number | boolean> {
  const defined: Record<string, string | number | boolean> = {}
  for (const name in attributes) {
    const value = attributes[name]
    if (value !== undefined && value !== null) defined[name] = value
  }
  return defined
}
