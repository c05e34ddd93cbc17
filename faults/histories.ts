/**
 * Histories of an ordered queue over HTTP: consumers ack, give back, extend or leave what they get, by chance, while api
 * and `queue` processes are killed and stopped. Each answer is noted with its times, so that what it proves can be said
 * afterwards, whatever became of the calls without an answer.
 */
import type { Clock } from '../src/clock.ts'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

/** A message in an answer. Times are monotonic, of this process. */
export interface Receipt {
  id: string
  subject: string
  sequence: number
  /** Its hand-out lies between these two. */
  askedMs: number
  answeredMs: number
  /** Its place among those of its answer. */
  at: number
  /** When something was first sent that may end its lease; none: nothing was. */
  settledMs: number | undefined
}

export interface Histories {
  queueId: string
  receipts: Receipt[]
  /** When the first ack of an event was sent. */
  ackSentMs: ReadonlyMap<string, number>
  /** When the first ack of an event was answered. */
  ackedMs: ReadonlyMap<string, number>
  /** From now on everything is acked. */
  drain(): void
  stop(): Promise<void>
}

export const LEASE_MS = 6_000
const SUBJECTS = 6
const CONSUMERS = 4
const PERIOD_MS = 150
const PAUSE_MS = 200
/** Several receives follow from strikes and chance alone: none may make a message dead. */
const QUEUE = {
  ...{ name: 'history', selectors: ['platformxe.generic#history'], ordered: true, maxReceives: 1_000 },
  visibilityTimeoutSeconds: LEASE_MS / 1_000,
}

interface Message {
  id: string
  subject: string
  sequence: number
  receipt: string
}

type Times = Pick<Receipt, 'askedMs' | 'answeredMs'>
type Held = Receipt & Pick<Message, 'receipt'>

export async function startHistories(deps: {
  world: World
  clock: Clock
  chance: Chance
  apiKey: string
  /** Emits until it is answered, or a minute has passed. */
  emit(body: object): Promise<unknown>
}): Promise<Histories> {
  const { world, clock, chance, apiKey } = deps
  const { id: queueId } = await world.surely<{ id: string }>(apiKey, 'POST', '/api/v1/queues', QUEUE)
  const receipts: Receipt[] = []
  const ackSentMs = new Map<string, number>()
  const ackedMs = new Map<string, number>()
  const emits = new Set<Promise<unknown>>()
  let isStopped = false
  let isDraining = false
  const loops = [produce(), ...Array.from({ length: CONSUMERS }, consume)]

  async function produce(): Promise<void> {
    for (let n = 1; !isStopped && !isDraining; n++) {
      const subject = `s_${chance.between(1, SUBJECTS)}`
      const payload = { kind: 'history', data: { n } }
      const emit = deps.emit({ name: 'platformxe.generic', payload, subject, idempotencyKey: `history-${n}` })
      emits.add(emit)
      void emit.finally(() => emits.delete(emit))
      await clock.sleep(PERIOD_MS)
    }
  }

  async function call<T>(what: string, body: object): Promise<T | undefined> {
    const answer = await world.call(apiKey, 'POST', `/api/v1/queues/${queueId}/${what}`, body).catch(() => undefined)
    return answer?.status === 200 ? (answer.body.data as T) : undefined
  }

  async function consume(): Promise<void> {
    while (!isStopped) {
      const askedMs = clock.monotonicMs()
      const order = { max: chance.between(1, 10), perSubject: chance.between(1, 3), waitSeconds: 1 }
      const answer = await call<{ messages: Message[] }>('receive', order)
      if (answer === undefined) await clock.sleep(PAUSE_MS)
      else {
        // Once: messages of one answer are known by its times.
        const times = { askedMs, answeredMs: clock.monotonicMs() }
        await settle(answer.messages.map((each, at) => noted(each, at, times)))
      }
    }
  }

  function noted({ id, subject, sequence, receipt }: Message, at: number, times: Times): Held {
    const held = { id, subject, sequence, receipt, at, ...times, settledMs: undefined }
    receipts.push(held)
    return held
  }

  /** In order: a message that is given back takes those behind it along. */
  async function settle(messages: readonly Held[]): Promise<void> {
    for (const [subject, list] of Map.groupBy(messages, message => message.subject)) {
      const what = isDraining ? 'ack' : chance.pick(HOW)
      if (what === 'leave') continue
      if (what === 'nack') await giveBack(list[0]!, messages, subject)
      else {
        if (what === 'extend') await call('extend', { receipts: list.map(({ receipt }) => receipt), seconds: 10 })
        await ack(list)
      }
    }
  }

  async function ack(list: readonly Held[]): Promise<void> {
    const sentMs = clock.monotonicMs()
    for (const held of list) {
      held.settledMs = sentMs
      if (!ackSentMs.has(held.id)) ackSentMs.set(held.id, sentMs)
    }
    const body = { receipts: list.map(({ receipt }) => receipt) }
    const results = (await call<{ results: Array<{ status: string }> }>('ack', body))?.results ?? []
    for (const [at, { status }] of results.entries()) {
      const { id } = list[at]!
      if (SETTLED.has(status) && !ackedMs.has(id)) ackedMs.set(id, clock.monotonicMs())
    }
  }

  async function giveBack(first: Held, messages: readonly Held[], subject: string): Promise<void> {
    for (const held of messages) if (held.subject === subject) held.settledMs = clock.monotonicMs()
    await call('nack', { receipts: [first.receipt], delaySeconds: chance.between(0, 2) })
  }

  return {
    ...{ queueId, receipts, ackSentMs, ackedMs },
    drain() {
      isDraining = true
    },
    async stop() {
      isStopped = true
      await Promise.all([...loops, ...emits])
    },
  }
}

const SETTLED = new Set(['acked', 'already_settled'])
const HOW = ['ack', 'ack', 'ack', 'ack', 'ack', 'nack', 'extend', 'leave'] as const
