/** Consumers of a queue that ack what they get; they note each message that comes although its ack was answered. */
import type { Clock } from '../src/clock.ts'
import type { World } from './world.ts'

export interface Consumed {
  /** Events whose ack was answered. */
  acked: Set<string>
  /** How often an event was handed out. */
  received: Map<string, number>
  /** Events that came after the answer of their ack. */
  afterAck: string[]
}

const CONSUMERS = 3
const RECEIVE = { max: 20, waitSeconds: 2 }
const PAUSE_MS = 200

interface Message {
  id: string
  receipt: string
}

export function createConsumers(deps: { world: World; clock: Clock; apiKey: string; queueId: string }) {
  const { world, clock, apiKey, queueId } = deps
  const consumed: Consumed = { acked: new Set(), received: new Map(), afterAck: [] }
  let isStopped = false
  const loops = Array.from({ length: CONSUMERS }, consume)

  async function call<T>(what: string, body: object): Promise<T | undefined> {
    const answer = await world.call(apiKey, 'POST', `/api/v1/queues/${queueId}/${what}`, body).catch(() => undefined)
    return answer?.status === 200 ? (answer.body.data as T) : undefined
  }

  async function consume(): Promise<void> {
    while (!isStopped) {
      // What is acked meanwhile by another consumer may be in the answer: only what was acked before must not.
      const before = new Set(consumed.acked)
      const messages = (await call<{ messages: Message[] }>('receive', RECEIVE))?.messages
      if (messages === undefined) await clock.sleep(PAUSE_MS)
      else if (messages.length > 0) await settle(messages, before)
    }
  }

  async function settle(messages: readonly Message[], before: ReadonlySet<string>): Promise<void> {
    for (const { id } of messages) {
      consumed.received.set(id, (consumed.received.get(id) ?? 0) + 1)
      if (before.has(id)) consumed.afterAck.push(id)
    }
    const receipts = messages.map(({ receipt }) => receipt)
    const results = (await call<{ results: Array<{ status: string }> }>('ack', { receipts }))?.results ?? []
    for (const [at, { status }] of results.entries())
      if (status === 'acked' || status === 'already_settled') consumed.acked.add(messages[at]!.id)
  }

  return {
    consumed,
    async stop() {
      isStopped = true
      await Promise.all(loops)
    },
  }
}
