/** The frames of a stream: where they begin, what is selected, how they are written, and where they end. */
import { describe, expect, it } from '@jest/globals'
import { isEvent } from '../../support/stream-client.ts'
import { emit, GENERIC, isOfType, numbersOf, platform, range, stream } from './set-up.ts'

export function describeReading(): void {
  describe('a stream', () => {
    it('begins with its place, its selectors and the limits, and then has each event as it is accepted', async () => {
      const organization = await platform.organization('PRO')
      const client = await stream(organization, { types: `${GENERIC}#tick,northwind.*` })
      const ready = await client.until(isOfType('ready'))
      expect(client.headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      })
      expect(client.headers['content-encoding']).toBeUndefined()
      expect(ready).toMatchObject({
        retry: 3000,
        data: {
          cursor: ready.id,
          types: ['northwind.*', `${GENERIC}#tick`],
          environment: 'live',
          limits: { connections: 25, eventsPerSecond: 1000 },
          streamId: expect.stringMatching(/^str_/),
        },
      })
      await emit(organization, 1, {}, 'other')
      const [sequence] = await emit(organization, 1, { amount: 12 })
      const [event] = await client.events(1)
      expect(event).toMatchObject({
        event: GENERIC,
        data: {
          type: GENERIC,
          sequence,
          organizationId: organization.org.id,
          environment: 'live',
          replay: null,
          data: { kind: 'tick', data: { at: 0, amount: 12 } },
        },
      })
      expect(event!.data).not.toHaveProperty('deliveryId')
      expect(event!.data).not.toHaveProperty('apiVersion')
      client.close()
    })

    it('resumes behind the id of any frame, whatever it selects, and Last-Event-ID wins over from', async () => {
      const organization = await platform.organization()
      await emit(organization, 10)
      const first = await stream(organization, { from: 'earliest' })
      const events = await first.events(10)
      expect(numbersOf(events)).toEqual(range(1, 10))
      first.close()
      for (const [at, { id }] of events.slice(0, 9).entries()) {
        const resumed = await stream(organization, { from: id! })
        expect(numbersOf(await resumed.events(9 - at))).toEqual(range(at + 2, 10))
        resumed.close()
      }
      const other = await stream(
        organization,
        { from: 'latest', types: `${GENERIC}#tick` },
        { headers: { 'last-event-id': events[4]!.id! } },
      )
      expect(numbersOf(await other.events(5))).toEqual(range(6, 10))
      other.close()
    })

    it('gets what is emitted while it reads the past, once each and in order', async () => {
      const organization = await platform.organization()
      await emit(organization, 1_500)
      const reading = stream(organization, { from: 'earliest' })
      const emitting = emit(organization, 500)
      const client = await reading
      await emitting
      expect(numbersOf(await client.events(2_000))).toEqual(range(1, 2_000))
      client.close()
    }, 60_000)

    it('is one JSON object a line for NDJSON, with the same events', async () => {
      const organization = await platform.organization()
      const body =
        '{"name":"platformxe.generic","payload":{\n  "kind": "pretty",\r\n  "data": {"big": 12345678901234567890}\n}}'
      expect((await organization.call('POST', '/api/v1/events/custom/emit', body)).status).toBe(202)
      const accepts = { headers: { accept: 'application/x-ndjson' } }
      const client = await stream(organization, { from: 'earliest' }, accepts)
      await client.events(1)
      expect(client.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
      const [ready, event] = client.text().trim().split('\n')
      expect(JSON.parse(ready!)).toMatchObject({ type: 'ready', cursor: expect.any(String), types: ['*'] })
      expect(JSON.parse(event!)).toMatchObject({ type: 'event', cursor: expect.any(String), event: { sequence: 1 } })
      // The payload's own digits, in one line.
      expect(event).toContain('{"big": 12345678901234567890}')
      client.close()
      const sse = await stream(organization, { from: 'earliest' })
      expect(await sse.events(1)).toMatchObject([{ data: { data: { kind: 'pretty' } } }])
      sse.close()
    })

    it('selects by subject and filter, and renders CloudEvents', async () => {
      const organization = await platform.organization()
      for (const [subject, amount] of [
        ['a', 5],
        ['b', 50],
        ['a', 500],
      ] as const)
        await organization.call('POST', '/api/v1/events/custom/emit', {
          name: GENERIC,
          subject,
          payload: { kind: 'order', data: { amount } },
        })
      const filter = JSON.stringify({ all: [{ path: 'payload.data.amount', operator: 'gte', value: 50 }] })
      const filtered = await stream(organization, { from: 'earliest', subject: 'a', filter, format: 'cloudevents' })
      const [event] = await filtered.events(1)
      expect(event!.data).toMatchObject({ specversion: '1.0', type: GENERIC, subject: 'a' })
      expect(event!.data.data).toMatchObject({ data: { amount: 500 } })
      filtered.close()
    })

    it('ends at a cursor, at a past time, and at a time that lies ahead', async () => {
      const organization = await platform.organization()
      await emit(organization, 4)
      const all = await stream(organization, { from: 'earliest' })
      const events = await all.events(4)
      const to = await stream(organization, { from: 'earliest', until: events[1]!.id! })
      const end = await to.until(isOfType('end'))
      expect(numbersOf(to.frames)).toEqual([1, 2])
      expect(end.data).toEqual({ cursor: events[1]!.id, reason: 'until_reached' })
      await to.ended
      const past = await stream(organization, { from: 'earliest', until: events[2]!.data.recordedAt })
      await past.until(isOfType('end'))
      for (const { data } of past.frames.filter(isEvent))
        expect(data.recordedAt < events[2]!.data.recordedAt).toBe(true)
      const ahead = await stream(organization, {
        from: 'earliest',
        until: new Date(Date.now() + 2_000).toISOString(),
      })
      await emit(organization, 1)
      await ahead.until(isOfType('end'))
      expect(numbersOf(ahead.frames)).toEqual(range(1, 5))
      all.close()
    }, 30_000)

    it('has heartbeats while nothing happens', async () => {
      const organization = await platform.organization()
      const client = await stream(organization)
      await client.until(isOfType('ready'))
      const deadline = performance.now() + 25_000
      while (!client.text().includes('\n:\n') && performance.now() < deadline)
        await organization.call('GET', '/api/v1/events/streams')
      expect(client.text()).toContain('\n:\n')
      client.close()
    }, 40_000)

    it('counts the events that it wrote', async () => {
      const organization = await platform.organization()
      await emit(organization, 25)
      const client = await stream(organization, { from: 'earliest' })
      await client.events(25)
      client.close()
      const metrics = await platform.call(platform.adminKey, 'GET', '/metrics')
      expect(String(metrics.body)).toMatch(/clarion_stream_frames_total \d+/)
      expect(String(metrics.body)).toContain('clarion_streams{transport="sse"}')
      expect(String(metrics.body)).toMatch(/clarion_stream_delay_seconds_count [1-9]/)
      expect(String(metrics.body)).not.toContain(
        'clarion_http_request_seconds_count{route="GET /api/v1/events/stream",status="200"}',
      )
    })
  })
}
