/** `client.queues`. */
import { type Clock, sleep } from '../clock.ts'
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type { CallOptions, Paging } from './types.ts'
import type {
  ConsumeOptions,
  NewQueue,
  Queue,
  QueueDeadLetter,
  QueueMessage,
  QueueSettings,
  QueueStats,
  Received,
  ReceiveOrder,
  SettleResult,
} from './types-queues.ts'

const LEASE_S = 30
const WAIT_S = 20
const BATCH_MAX = 100
const PAUSE_MS = 1_000
/** Beyond what the call itself waits. */
const ANSWER_MS = 15_000

export function createQueues(send: Send, clock: Clock) {
  const calls = createCalls(send, '/queues')
  const receive = async (id: string, order: ReceiveOrder = {}, { signal }: CallOptions = {}): Promise<Received> => {
    const { waitSeconds = 0 } = order
    const path = `/queues${at(id)}/receive`
    const timeoutMs = waitSeconds * 1_000 + ANSWER_MS
    return (await send<Received>({ method: 'POST', path, body: order, onlyOnce: true, signal, timeoutMs })).data
  }
  const settle = async (id: string, how: string, body: object, options?: CallOptions) =>
    (await calls.post<{ results: SettleResult[] }>(`${at(id)}/${how}`, body, options)).results

  /** Extends the lease at its half until the handler has ended. */
  async function handle(
    id: string,
    message: QueueMessage,
    handler: (message: QueueMessage) => unknown,
    { visibilityTimeoutSeconds = LEASE_S, onError }: ConsumeOptions,
  ): Promise<void> {
    const ended = new AbortController()
    const extending = (async () => {
      for (;;) {
        await sleep(clock, (visibilityTimeoutSeconds * 1_000) / 2, ended.signal)
        if (ended.signal.aborted) return
        await settle(id, 'extend', { receipts: [message.receipt], seconds: visibilityTimeoutSeconds }).catch(
          () => undefined,
        )
      }
    })().catch(() => undefined)
    try {
      await handler(message)
      ended.abort()
      await extending
      await settle(id, 'ack', { receipts: [message.receipt] })
    } catch (error) {
      ended.abort()
      await extending
      await settle(id, 'nack', { receipts: [message.receipt] }).catch(() => undefined)
      onError?.(error, message)
    }
  }

  return {
    create: (input: NewQueue, options?: CallOptions) => calls.postOnce<Queue>('', input, options),
    list: (query: Paging = {}, options: CallOptions = {}) => calls.list<Queue>('', query, options),
    each: (query: Paging = {}, options: CallOptions = {}) => calls.each<Queue>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Queue>(at(id), options),
    update: (id: string, patch: QueueSettings, options?: CallOptions) => calls.patch<Queue>(at(id), patch, options),
    /** `force`: although it has messages. */
    delete: (id: string, { force = false, ...options }: CallOptions & { force?: boolean } = {}) =>
      calls.delete<{ id: string; deleted: true }>(`${at(id)}${force ? '?force=true' : ''}`, options),
    /** Not retried when it may have succeeded: messages of an answer that was lost come again after their lease. */
    receive,
    ack: (id: string, receipts: string[], options?: CallOptions) => settle(id, 'ack', { receipts }, options),
    /** They come again: after the delay, by the queue's back-off, or at once. `dead`: they are rejected. */
    nack: (
      id: string,
      receipts: string[],
      how: { delaySeconds?: number; dead?: boolean } = {},
      options?: CallOptions,
    ) => settle(id, 'nack', { receipts, ...how }, options),
    extend: (id: string, receipts: string[], seconds: number, options?: CallOptions) =>
      settle(id, 'extend', { receipts, seconds }, options),
    stats: (id: string, options?: CallOptions) => calls.get<QueueStats>(`${at(id)}/stats`, options),
    /** The messages that are due next; nothing changes. */
    peek: async (id: string, limit = 10, options: CallOptions = {}) =>
      (await calls.list<Omit<QueueMessage, 'receipt'>>(`${at(id)}/peek`, { limit }, options)).data,
    dead: (id: string, query: Paging = {}, options: CallOptions = {}) =>
      calls.list<QueueDeadLetter>(`${at(id)}/dead`, query, options),
    redrive: (
      id: string,
      what: { all: true; toQueueId?: string } | { eventIds: string[]; toQueueId?: string },
      options?: CallOptions,
    ) => calls.post<{ redriven: number; notFound: string[] }>(`${at(id)}/redrive`, what, options),
    /** `dead`: the dead list alone. */
    purge: (id: string, { dead = false, ...options }: CallOptions & { dead?: boolean } = {}) =>
      calls.post<{ purged: number }>(`${at(id)}/purge`, { dead }, options),
    /**
     * Receives until the signal aborts, and hands each message to the handler: acked when it returns, given back when it
     * throws. Resolves when the last handler has ended. A receive that fails is repeated after a second, unless the
     * queue refuses it for good.
     */
    async consume(
      id: string,
      handler: (message: QueueMessage) => unknown,
      options: ConsumeOptions = {},
    ): Promise<void> {
      const { concurrency = 1, signal, visibilityTimeoutSeconds = LEASE_S, perSubject = 1 } = options
      const underWay = new Set<Promise<void>>()
      while (signal?.aborted !== true) {
        const free = concurrency - underWay.size
        if (free <= 0) {
          await Promise.race(underWay)
          continue
        }
        const order = { max: Math.min(free, BATCH_MAX), waitSeconds: underWay.size > 0 ? 1 : WAIT_S }
        const received = await receive(
          ...([
            id,
            { ...order, visibilityTimeoutSeconds, perSubject },
            signal === undefined ? {} : { signal },
          ] as const),
        ).catch(async error => {
          if (signal?.aborted === true) return { messages: [] }
          if (!(error as { retryable?: boolean }).retryable && (error as { status?: number }).status !== undefined)
            throw error
          await sleep(clock, PAUSE_MS, signal).catch(() => undefined)
          return { messages: [] }
        })
        for (const message of received.messages) {
          const work = handle(id, message, handler, { ...options, visibilityTimeoutSeconds }).finally(() =>
            underWay.delete(work),
          )
          underWay.add(work)
        }
      }
      await Promise.all(underWay)
    },
  }
}
