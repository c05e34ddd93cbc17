/** WebSockets: sign-in, subscriptions, acknowledgements and errors. */
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { emit, GENERIC, issue, ORIGIN, opened, platform } from './set-up.ts'

interface Socket {
  webSocket: WebSocket
  // biome-ignore lint/suspicious/noExplicitAny: what a message holds is what the test is about
  messages: any[]
  send(message: object | string): void
  // biome-ignore lint/suspicious/noExplicitAny: as above
  until(isWanted: (message: any) => boolean): Promise<any>
  closed: Promise<[number, string]>
}

async function connect(
  query: Record<string, string>,
  headers: Record<string, string> = {},
  protocols: string[] = ['clarion.v1'],
): Promise<Socket> {
  const webSocket = new WebSocket(
    `${platform.base.replace('http', 'ws')}/api/v1/events/ws?${new URLSearchParams(query)}`,
    protocols,
    { headers },
  )
  opened.add(webSocket)
  const messages: unknown[] = []
  const waiting = new Set<() => void>()
  webSocket.on('message', data => {
    messages.push(JSON.parse(String(data)))
    for (const each of [...waiting]) each()
  })
  const closed = new Promise<[number, string]>(resolve =>
    webSocket.on('close', (code, reason) => {
      resolve([code, String(reason)])
      for (const each of [...waiting]) each()
    }),
  )
  await Promise.race([once(webSocket, 'open'), once(webSocket, 'error').then(([error]) => Promise.reject(error))])
  webSocket.on('error', () => undefined)
  return {
    webSocket,
    messages,
    send: message => webSocket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    until: isWanted =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = messages.find(isWanted)
          const isOver = webSocket.readyState === WebSocket.CLOSED
          if (found === undefined && !isOver) return
          waiting.delete(look)
          if (found === undefined) reject(new Error(`closed before: ${JSON.stringify(messages)}`))
          else resolve(found)
        }
        waiting.add(look)
        look()
      }),
    closed,
  }
}

const byKey = ({ apiKey }: { apiKey: string }) => connect({}, { authorization: `Bearer ${apiKey}` })

export function describeWebSockets(): void {
  describe('a WebSocket', () => {
    it('signs in by its first message, and has several subscriptions', async () => {
      const organization = await platform.organization()
      const socket = await connect({})
      expect(socket.webSocket.protocol).toBe('clarion.v1')
      socket.send({ type: 'auth', key: organization.apiKey })
      expect(await socket.until(({ type }) => type === 'ready')).toMatchObject({
        environment: 'live',
        limits: { connections: 100 },
      })
      socket.send({ type: 'subscribe', id: 'ticks', types: [`${GENERIC}#tick`] })
      socket.send({ type: 'subscribe', id: 'all', types: '*', filter: { 'payload.kind': 'tock' } })
      await socket.until(({ type, id }) => type === 'ready' && id === 'all')
      await emit(organization, 'tick')
      await emit(organization, 'tock')
      const event = await socket.until(({ type, id }) => type === 'event' && id === 'ticks')
      expect(event).toMatchObject({ cursor: expect.any(String), event: { sequence: 1, type: GENERIC } })
      expect((await socket.until(({ type, id }) => type === 'event' && id === 'all')).event.sequence).toBe(2)
      socket.send({ type: 'unsubscribe', id: 'ticks' })
      socket.send({ type: 'ping', id: 'p' })
      await socket.until(({ type, id }) => type === 'pong' && id === 'p')
      await emit(organization, 'tick')
      await emit(organization, 'tock')
      await socket.until(({ type, event: each }) => type === 'event' && each.sequence === 4)
      expect(
        socket.messages.filter(({ type }) => type === 'event').map(({ id, event: each }) => [id, each.sequence]),
      ).toEqual([
        ['ticks', 1],
        ['all', 2],
        ['all', 4],
      ])
      const { data } = await organization.call<object[]>('GET', '/api/v1/events/streams')
      expect(data).toEqual([expect.objectContaining({ transport: 'websocket', types: ['*'] })])
      socket.webSocket.close()
    })

    it('gets at most a window of events without an acknowledgement', async () => {
      const organization = await platform.organization()
      for (let at = 0; at < 7; at++) await emit(organization)
      const socket = await byKey(organization)
      socket.send({ type: 'subscribe', id: 's', types: '*', from: 'earliest', window: 3 })
      const event = (sequence: number) =>
        socket.until(({ type, event: each }) => type === 'event' && each.sequence === sequence)
      await event(3)
      socket.send({ type: 'ping' })
      await socket.until(({ type }) => type === 'pong')
      expect(socket.messages.filter(({ type }) => type === 'event').length).toBe(3)
      socket.send({ type: 'ack', id: 's', cursor: (await event(2)).cursor })
      await event(5)
      socket.send({ type: 'ack', id: 's', cursor: 'nonsense' })
      expect(await socket.until(({ type }) => type === 'error')).toMatchObject({ id: 's', code: 'validation_failed' })
      socket.send({ type: 'ack', id: 's', cursor: (await event(5)).cursor })
      await event(7)
      expect(socket.messages.filter(({ type }) => type === 'event').map(({ event: each }) => each.sequence)).toEqual([
        1, 2, 3, 4, 5, 6, 7,
      ])
      socket.webSocket.close()
    })

    it('ends a subscription at its end, and reads on from any cursor', async () => {
      const organization = await platform.organization()
      for (let at = 0; at < 3; at++) await emit(organization)
      const socket = await byKey(organization)
      socket.send({ type: 'subscribe', id: 'a', types: '*', from: 'earliest' })
      const second = await socket.until(({ type, event }) => type === 'event' && event.sequence === 2)
      socket.send({ type: 'subscribe', id: 'b', types: '*', from: 'earliest', until: second.cursor })
      expect(await socket.until(({ type }) => type === 'end')).toMatchObject({
        id: 'b',
        reason: 'until_reached',
        cursor: second.cursor,
      })
      socket.send({ type: 'subscribe', id: 'b', types: '*', from: second.cursor })
      await socket.until(({ type, id, event }) => type === 'event' && id === 'b' && event.sequence === 3)
      socket.webSocket.close()
    })

    it('says what is wrong with a message, and goes on', async () => {
      const organization = await platform.organization()
      const socket = await byKey(organization)
      const wrong = [
        ['not json', 'validation_failed'],
        [{ type: 'nope' }, 'validation_failed'],
        [{ type: 'subscribe', id: 'x' }, 'validation_failed'],
        [{ type: 'subscribe', id: 'x', types: 'Not One' }, 'invalid_event_selector'],
        [{ type: 'subscribe', id: 'x', types: '*', from: 'AAAA' }, 'invalid_cursor'],
        [{ type: 'subscribe', id: 'x', types: '*', window: 1_001 }, 'validation_failed'],
        [{ type: 'unsubscribe', id: 'y' }, 'not_found'],
        [{ type: 'auth', key: organization.apiKey }, 'conflict'],
      ] as const
      for (const [message] of wrong) socket.send(message as object)
      socket.send({ type: 'ping' })
      await socket.until(({ type }) => type === 'pong')
      expect(socket.messages.filter(({ type }) => type === 'error').map(({ code }) => code)).toEqual(
        wrong.map(([, code]) => code),
      )
      for (let at = 0; at <= 20; at++) socket.send({ type: 'subscribe', id: `s${at}`, types: '*' })
      expect(await socket.until(({ id, type }) => id === 's20' && type === 'error')).toMatchObject({
        code: 'stream_limit_exceeded',
        details: [expect.objectContaining({ rule: 'subscriptions' })],
      })
      socket.send(JSON.stringify({ type: 'ping', id: 'x'.repeat(70_000) }))
      expect((await socket.closed)[0]).toBe(1009)
    })

    it('closes with 1008 where nobody signs in rightly, and answers in HTTP before it is one', async () => {
      const organization = await platform.organization()
      const wrongKey = await connect({})
      wrongKey.send({ type: 'auth', key: `${organization.apiKey}x` })
      expect(await wrongKey.closed).toEqual([1008, 'unauthorized'])
      const silent = await connect({})
      silent.send({ type: 'subscribe', id: 's', types: '*' })
      expect(await silent.closed).toEqual([1008, 'unauthorized'])
      await expect(connect({ key: organization.apiKey })).rejects.toThrow('400')
      await expect(connect({ token: 'cst_x.y' })).rejects.toThrow('401')
      await expect(connect({}, { authorization: 'Bearer ck_live_x' })).rejects.toThrow('401')
      await expect(connect({}, {}, ['other.v1'])).rejects.toThrow('400')
      const { token } = await issue(organization, { allowedOrigins: [ORIGIN] })
      await expect(connect({ token }, { origin: 'https://elsewhere.test' })).rejects.toThrow('403')
      const late = await connect({})
      const startedMs = performance.now()
      expect(await late.closed).toEqual([1008, 'unauthorized'])
      expect(performance.now() - startedMs).toBeGreaterThan(9_000)
    }, 30_000)

    it('opens by a token, for its own question', async () => {
      const organization = await platform.organization()
      const { token } = await issue(organization, { types: `${GENERIC}#wanted`, allowedOrigins: [ORIGIN] })
      const socket = await connect({ token }, { origin: ORIGIN })
      socket.send({ type: 'subscribe', id: 's', types: '*' })
      expect(await socket.until(({ type }) => type === 'error')).toMatchObject({ code: 'validation_failed' })
      socket.send({ type: 'subscribe', id: 's' })
      await socket.until(({ type, id }) => type === 'ready' && id === 's')
      await emit(organization, 'other')
      await emit(organization, 'wanted')
      expect(await socket.until(({ type }) => type === 'event')).toMatchObject({
        cursor: expect.stringContaining('~'),
        event: { sequence: 2 },
      })
      const [open] = (await organization.call<Array<{ id: string }>>('GET', '/api/v1/events/streams')).data
      await organization.call('DELETE', `/api/v1/events/streams/${open!.id}`)
      expect(await socket.closed).toEqual([1008, 'revoked'])
      expect(socket.messages.at(-1)).toMatchObject({ type: 'end', id: 's', reason: 'revoked' })
    })

    it('leaves a plain request, and other protocols, to HTTP', async () => {
      const organization = await platform.organization()
      const plain = await organization.call('GET', '/api/v1/events/ws')
      expect([plain.status, plain.code]).toEqual([400, 'validation_failed'])
      const raw = createConnection(Number(new URL(platform.base).port), '127.0.0.1')
      raw.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n')
      const [answer] = await once(raw, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /)
      raw.destroy()
      const elsewhere = new WebSocket(`${platform.base.replace('http', 'ws')}/api/v1/webhooks`)
      const [error] = await once(elsewhere, 'error')
      expect(String(error)).toContain('404')
    })
  })
}
