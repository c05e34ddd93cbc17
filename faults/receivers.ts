/** Where the webhooks of the run go: one server, a path per webhook, each with its manners. It keeps every request that arrives. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../src/clock.ts'
import { fingerprint } from './fingerprint.ts'

export type Manner = 'good' | 'slow' | 'flaky' | 'dying' | 'hanging'

export interface Arrival {
  webhook: string
  organizationId: string
  eventId: string
  deliveryId: string
  attempt: number
  sequence: number
  subject: string | null
  /** 0: it got no answer. */
  answered: number
  /** Of the payload as it arrived. */
  payload: string
}

export interface Receivers {
  /** The address for a webhook of this name. */
  url(webhook: string, manner: Manner): string
  arrivals: Arrival[]
  /** Nobody listens for so long. */
  goAway(ms: number): Promise<void>
  /** Endpoints that are dying answer 500 for so long. */
  die(ms: number): Promise<void>
  /** Endpoints that hang take requests and say nothing for so long. Answers at once. */
  hang(ms: number): void
  close(): Promise<void>
}

const SLOW_MS = 150

export async function startReceivers(deps: { clock: Clock; chance: () => number }): Promise<Receivers> {
  const { clock } = deps
  const manners = new Map<string, Manner>()
  const arrivals: Arrival[] = []
  let dying = false
  let hangsUntilMs = 0
  const unanswered = new Set<ServerResponse>()
  let server = createServer(onRequest)
  const port = await listen(server, 0)

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const webhook = (request.url ?? '').slice(1)
    const manner = manners.get(webhook) ?? 'good'
    if (manner === 'hanging' && clock.monotonicMs() < hangsUntilMs) {
      arrivals.push(arrivalOf(webhook, request, Buffer.concat(chunks), 0))
      unanswered.add(response)
      response.once('close', () => unanswered.delete(response))
      return
    }
    if (manner === 'slow') await clock.sleep(SLOW_MS)
    const fails = (manner === 'dying' && dying) || (manner === 'flaky' && deps.chance() < 0.2)
    const answered = fails ? 500 : 204
    arrivals.push(arrivalOf(webhook, request, Buffer.concat(chunks), answered))
    response.writeHead(answered).end()
  }

  return {
    url(webhook, manner) {
      manners.set(webhook, manner)
      return `http://127.0.0.1:${port}/${webhook}`
    },
    arrivals,
    async goAway(ms) {
      await closed(server)
      await clock.sleep(ms)
      server = createServer(onRequest)
      await listen(server, port)
    },
    async die(ms) {
      dying = true
      await clock.sleep(ms)
      dying = false
    },
    hang(ms) {
      hangsUntilMs = Math.max(hangsUntilMs, clock.monotonicMs() + ms)
      clock.after(ms, () => {
        if (clock.monotonicMs() < hangsUntilMs) return
        for (const response of unanswered) response.destroy()
      })
    },
    close: () => closed(server),
  }
}

function arrivalOf(webhook: string, { headers }: IncomingMessage, body: Buffer, answered: number): Arrival {
  const envelope = JSON.parse(body.toString()) as {
    organizationId: string
    subject: string | null
    sequence: number
    data: unknown
  }
  return {
    webhook,
    organizationId: envelope.organizationId,
    eventId: String(headers['x-event-id']),
    deliveryId: String(headers['x-delivery-id']),
    attempt: Number(headers['x-delivery-attempt']),
    sequence: envelope.sequence,
    subject: envelope.subject,
    answered,
    payload: fingerprint(JSON.stringify(envelope.data)),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise(resolve => void server.close(() => resolve()))
}
