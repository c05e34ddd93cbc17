import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { type Listener, listen, remedyOf } from '../../src/compose/listen.ts'

const clock = createSystemClock()
const opened: Listener[] = []

async function open(host = '127.0.0.1', port = 0): Promise<Listener> {
  const listener = await listen({ host, port, clock })
  opened.push(listener)
  return listener
}

afterEach(() => Promise.all(opened.splice(0).map(listener => listener.close())))

describe('the port of a process', () => {
  it.each([
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['::1', /^http:\/\/\[::1\]:\d+$/],
    ['localhost', /^http:\/\/localhost:\d+$/],
    ['0.0.0.0', /^http:\/\/127\.0\.0\.1:\d+$/],
    ['::', /^http:\/\/\[::1\]:\d+$/],
  ])('on %s is named by a URL that can be opened', async (host, expected) => {
    const { url } = await open(host)
    expect(url).toMatch(expected)
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('is known by an address, also where the host is a name', async () => {
    const { bound } = await open('localhost')
    expect(['127.0.0.1', '::1']).toContain(bound.host)
  })

  it('sends an EventSource away for a second while the platform starts, since an error would end it for good', async () => {
    const { url } = await open()
    const answer = await fetch(`${url}/api/v1/events/stream`, { headers: { accept: 'text/event-stream' } })
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'text/event-stream',
      'retry: 1000\n\n',
    ])
  })

  it('answers 503 with Retry-After until the platform serves, on the same connection too', async () => {
    const listener = await open()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = (method: string, path: string, body = '') =>
      new Promise<{ status: number; retryAfter: string | undefined; text: string }>((resolve, reject) => {
        const sent = request(listener.url + path, { agent, method }, async response => {
          let text = ''
          for await (const chunk of response) text += chunk
          resolve({ status: response.statusCode!, retryAfter: response.headers['retry-after'], text })
        })
        sent.on('error', reject).end(body)
      })
    const starting = { status: 503, retryAfter: '1', text: expect.stringContaining('"service_unavailable"') }
    expect(await ask('GET', '/ready')).toEqual(starting)
    expect(await ask('GET', '/metrics')).toEqual(starting)
    expect(await ask('POST', '/api/v1/events/custom/emit', 'x'.repeat(1_000_000))).toEqual(starting)
    expect(await ask('GET', '/health')).toMatchObject({ status: 200 })
    listener.serve((_request, response) => void response.end('here'))
    expect(await ask('GET', '/ready')).toMatchObject({ status: 200, text: 'here' })
    agent.destroy()
  })

  it('that is taken is named, with what to do', async () => {
    const { bound } = await open()
    await expect(open('127.0.0.1', bound.port)).rejects.toThrow(`Port ${bound.port} on 127.0.0.1 is taken. Set PORT`)
  })

  it('of an address elsewhere is refused with the addresses of this machine', async () => {
    await expect(open('192.0.2.1')).rejects.toThrow(
      /^192\.0\.2\.1 is no address of this machine\. Set HOST to .*127\.0\.0\.1/,
    )
  })

  it('is free again after a stop', async () => {
    const first = await listen({ host: '127.0.0.1', port: 0, clock })
    await first.close()
    const again = createServer()
    await new Promise<void>((resolve, reject) =>
      again.once('error', reject).listen(first.bound.port, '127.0.0.1', resolve),
    )
    expect((again.address() as AddressInfo).port).toBe(first.bound.port)
    again.close()
  })

  it.each([
    'EADDRINUSE',
    'EACCES',
    'EADDRNOTAVAIL',
    'EINVAL',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EAFNOSUPPORT',
    'EPERM',
    undefined,
  ])('that cannot be had because of %s says which setting helps', code =>
    expect(remedyOf(Object.assign(new Error('no'), { code }), { port: 80, host: 'h' })).toMatch(
      /Set (?:HOST|PORT|HOST and PORT) to /,
    ),
  )
})
