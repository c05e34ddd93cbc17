/** A collector of OpenTelemetry as its specification has it: OTLP over HTTP, in JSON. It keeps the spans that it is sent. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { patient } from '../support/patience.ts'

export interface CollectedSpan {
  name: string
  traceId: string
  spanId: string
  /** Empty for the first of a trace. */
  parentSpanId: string
  kind: number
  startMs: number
  endMs: number
  attributes: Record<string, unknown>
  /** 2 for an error. */
  status: { code?: number; message?: string }
  service: string
}

export interface Collector {
  /** The value for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  endpoint: string
  spans: CollectedSpan[]
  of(traceId: string): CollectedSpan[]
  /** Resolves with the spans of a trace once they hold. */
  until(traceId: string, holds: (spans: CollectedSpan[]) => boolean): Promise<CollectedSpan[]>
  close(): Promise<void>
}

interface Attribute {
  key: string
  value: {
    stringValue?: string
    intValue?: number | string
    boolValue?: boolean
    doubleValue?: number
    arrayValue?: object
  }
}
interface SentSpan extends Omit<CollectedSpan, 'attributes' | 'startMs' | 'endMs' | 'service' | 'parentSpanId'> {
  parentSpanId?: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
}
interface Sent {
  resourceSpans: Array<{ resource: { attributes: Attribute[] }; scopeSpans: Array<{ spans: SentSpan[] }> }>
}

const UNTIL_MS = patient(20_000)

export async function createCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const waiting = new Set<() => void>()
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const asJson = request.headers['content-type'] === 'application/json'
    if (request.method !== 'POST' || request.url !== '/v1/traces' || !asJson) return void response.writeHead(400).end()
    spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as Sent))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    for (const check of waiting) check()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const of = (traceId: string) => spans.filter(span => span.traceId === traceId)
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    of,
    until: (traceId, holds) =>
      new Promise((resolve, reject) => {
        const over = (found?: CollectedSpan[]) => {
          clearTimeout(limit)
          waiting.delete(check)
          if (found) resolve(found)
          else reject(new Error(`not within ${UNTIL_MS} ms; so far: ${JSON.stringify(of(traceId), null, 1)}`))
        }
        const check = () => {
          if (holds(of(traceId))) over(of(traceId))
        }
        const limit = setTimeout(over, UNTIL_MS)
        waiting.add(check)
        check()
      }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function spansOf({ resourceSpans }: Sent): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(scope =>
      scope.spans.map(({ startTimeUnixNano, endTimeUnixNano, attributes, parentSpanId = '', ...span }) => ({
        ...span,
        parentSpanId,
        startMs: Number(startTimeUnixNano) / 1e6,
        endMs: Number(endTimeUnixNano) / 1e6,
        attributes: valuesOf(attributes),
        service: String(valuesOf(resource.attributes)['service.name']),
      })),
    ),
  )
}

const valuesOf = (attributes: Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
