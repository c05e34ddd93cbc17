import { describe, expect, it } from '@jest/globals'
import { FORMATS } from '../../src/delivery/wire-formats/index.ts'
import { createIngressTags, readIngress } from '../../src/events/ingress.ts'
import {
  formatTraceparent,
  isSampled,
  parseTraceparent,
  readTraceparent,
  traceIdOf,
} from '../../src/events/trace-context.ts'
import { event } from '../delivery/receiving.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN_ID = '00f067aa0ba902b7'
const GOOD = `00-${TRACE_ID}-${SPAN_ID}-01`

describe('traceparent', () => {
  it('is taken as it came, from text and from bytes, and says its trace', () => {
    expect([readTraceparent(GOOD), readTraceparent(Buffer.from(GOOD))]).toEqual([GOOD, GOOD])
    expect(traceIdOf(GOOD)).toBe(TRACE_ID)
    expect(traceIdOf(null)).toBeNull()
    expect(parseTraceparent(GOOD)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID, flags: 1 })
    expect(formatTraceparent(parseTraceparent(GOOD))).toBe(GOOD)
  })

  it('says whether those before record the trace', () => {
    expect(
      [GOOD, `00-${TRACE_ID}-${SPAN_ID}-00`, `00-${TRACE_ID}-${SPAN_ID}-03`, `00-${TRACE_ID}-${SPAN_ID}-02`].map(
        isSampled,
      ),
    ).toEqual([true, false, true, false])
  })

  it('of a later version is read as far as this one is known', () => {
    expect(readTraceparent(`cc-${TRACE_ID}-${SPAN_ID}-09-what-the-future-brings`)).toBe(GOOD)
  })

  it.each<[string, string | Buffer | string[] | undefined]>([
    ['nothing', undefined],
    ['an empty one', ''],
    ['upper case', GOOD.toUpperCase()],
    ['version ff', `ff${GOOD.slice(2)}`],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
    ['no span', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['more than this version has', `${GOOD}-more`],
    ['two of them', `${GOOD}, ${GOOD}`],
    ['a line break behind it', `${GOOD}\n`],
    ['what is much too long', `cc${GOOD.slice(2)}-${'x'.repeat(1_000)}`],
    ['bytes that are no text', Buffer.alloc(55, 0xff)],
  ])('counts as absent: %s', (_title, header) => expect(readTraceparent(header)).toBeNull())
})

describe('a record of a producer', () => {
  const tags = createIngressTags('a secret of sixteen characters')
  const traceOf = (headers: Record<string, string>, value = '{}') =>
    readIngress(
      {
        ...{ topic: 'emits.org_x', partition: 0, offset: 0, timestampMs: 0, key: null, value: Buffer.from(value) },
        headers: Object.fromEntries(
          Object.entries({ name: 'aa.bb', ...headers }).map(([name, text]) => [name, Buffer.from(text)]),
        ),
      },
      tags,
    )

  it('says its trace by header, by CloudEvents’ extension, or not at all', () => {
    const structured = { 'content-type': 'application/cloudevents+json' }
    expect(traceOf({ traceparent: GOOD }).traceparent).toBe(GOOD)
    expect(traceOf({ ce_traceparent: GOOD }).traceparent).toBe(GOOD)
    expect(traceOf(structured, `{"type":"aa.bb","data":{},"traceparent":"${GOOD}"}`).traceparent).toBe(GOOD)
    expect(traceOf(structured, '{"type":"aa.bb","data":{},"traceparent":7}').traceparent).toBeNull()
    expect(traceOf({}).traceparent).toBeNull()
  })

  it('is not refused for a trace that is not one', () => {
    expect(traceOf({ traceparent: 'x'.repeat(2_000) })).toMatchObject({ traceparent: null, findings: [] })
  })
})

describe('the body of a delivery', () => {
  const delivery = { deliveryId: 'dlv_1', apiVersion: '2026-07-01', replay: null }
  const traceOf = (format: keyof typeof FORMATS, traceparent: string | null) =>
    JSON.parse(FORMATS[format].render({ ...event, traceparent }, Buffer.from('{}'), delivery).toString())

  it('says the trace where its format has a place for it, and nothing where there is none', () => {
    expect(traceOf('default', GOOD)).toMatchObject({ traceId: TRACE_ID })
    expect(traceOf('platforma', GOOD)).toMatchObject({ metadata: { trace_id: TRACE_ID } })
    expect(traceOf('cloudevents', GOOD)).toMatchObject({ traceparent: GOOD })
    expect(traceOf('default', null)).toMatchObject({ traceId: null })
    expect(traceOf('platforma', null)).toMatchObject({ metadata: { trace_id: null } })
    expect(traceOf('cloudevents', null)).not.toHaveProperty('traceparent')
  })
})
