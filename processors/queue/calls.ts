/** Calls of queues, settled one after the other. */
import type { Clock } from '../../src/clock.ts'
import type {
  DeadAnswer,
  DeadBody,
  ForgetBody,
  PeekAnswer,
  PeekBody,
  PurgeBody,
  ReceiveBody,
  RedriveAnswer,
  RedriveBody,
  SettleBody,
  StatsAnswer,
} from '../../src/queues/calls.ts'
import type { Message } from '../../src/queues/message.ts'
import type { Claim, Settled } from '../../src/queues/rules.ts'
import type { Subjects } from '../../src/queues/subjects.ts'
import type { QueueCall, QueueCommand } from '../../topics/queues-commands.ts'
import type { Answers } from './answers.ts'
import type { QueueDependencies } from './dependencies.ts'
import type { OpenQueue } from './open-queue.ts'
import type { Queues } from './queues.ts'
import type { Receives } from './receives.ts'
import type { QueueReplays } from './replays.ts'

export interface Calls {
  settle(command: QueueCommand): void
  close(): void
}

export function createCalls(context: {
  deps: Pick<QueueDependencies, 'log' | 'observe'> & { clock: Clock }
  queues: Queues
  receives: Receives
  replays: Pick<QueueReplays, 'end' | 'atHand' | 'underWay'>
  answers: Answers
  guarded: (act: () => void) => void
}): Calls {
  const { queues, receives, replays, answers, guarded } = context
  const { clock, observe, log } = context.deps
  const nowMs = () => Math.round(clock.nowMs())
  let isClosed = false

  function settled(at: OpenQueue, body: SettleBody): Settled[] {
    const results = body.claims.map((claim): Settled => {
      if (body.as === 'ack') return at.queue.ack(claim)
      if (body.as === 'extend') return at.queue.extend(claim, body.forMs, nowMs())
      if (body.as === 'giveBack') return givenBack(at, claim)
      return at.queue.nack(claim, { delayMs: body.delayMs, dead: body.dead, nowMs: nowMs() })
    })
    for (const status of ['acked', 'returned', 'dead'] as const)
      observe.messages(status, results.filter(each => each.status === status).length)
    return results
  }

  /** The whole receive, with the first of its claims. */
  function givenBack(at: OpenQueue, { group }: Claim): Settled {
    at.queue.giveBack(group, nowMs())
    return { status: 'returned', visibleAtMs: nowMs() }
  }

  function receive(at: OpenQueue, command: QueueCommand, body: ReceiveBody): void {
    const results = settled(at, { as: 'ack', claims: body.ack })
    if (at.record().active) receives.begin(at, command, body, results)
    else answers.refuse(command, 'queue_inactive', 'The queue is switched off: activate it first.')
  }

  function redrive(at: OpenQueue, { eventIds, toQueueId }: RedriveBody): RedriveAnswer | undefined {
    const to = toQueueId === undefined ? undefined : queues.open(at.organizationId, toQueueId)
    if (toQueueId !== undefined && to?.record().environment !== at.record().environment) return undefined
    const wanted = eventIds === undefined ? undefined : new Set(eventIds)
    const found = at.queue.buried().filter(({ eventId }) => wanted?.has(eventId) ?? true)
    for (const message of found) move(at, message, to ?? home(at, message))
    at.lastRedrive = { atMs: nowMs(), moved: found.length, toQueueId: toQueueId ?? null }
    const ids = new Set(found.map(({ eventId }) => eventId))
    return { redriven: found.length, notFound: (eventIds ?? []).filter(id => !ids.has(id)) }
  }

  /** Messages from another queue go back to it; dead letters of its own come again here. */
  function home(at: OpenQueue, { deadFrom }: Message): OpenQueue {
    return (deadFrom === null ? undefined : queues.open(at.organizationId, deadFrom.queueId)) ?? at
  }

  function move(at: OpenQueue, message: Message, to: OpenQueue): void {
    if (to === at) {
      at.queue.revive(message, nowMs())
      return
    }
    at.queue.handOver(message)
    to.queue.adopt(message.deadFrom?.queueId === to.id ? 0 : to.originOf(at.id), message, nowMs())
    receives.serve(to)
  }

  async function purge(at: OpenQueue, command: QueueCommand, { dead }: PurgeBody): Promise<void> {
    if (dead) return answers.answer(command, { purged: at.queue.clear('dead') })
    const { topic } = at
    const { ready } = await at.awake().count()
    const bounds = await log.pages.bounds(topic)
    if (isClosed) return
    at.skipTo(bounds.map(({ stableEnd }) => Number(stableEnd)))
    const cleared = at.queue.clear('messages')
    at.purgedReplays = replays.underWay(at)
    replays.end(at.id, 'purged')
    at.queue.counters.purged += ready
    at.queue.counters.matched += ready
    answers.answer(command, { purged: cleared + ready })
    // Those that wait follow the log from its new place.
    receives.serve(at)
  }

  function stats(at: OpenQueue, ahead: { ready: number; isExact: boolean }): StatsAnswer {
    const { queue, waiting, isAwake } = at
    queue.tick(nowMs())
    const { out, due, delayed } = byState(queue.messages.all(), nowMs())
    const ready = at.record().ordered ? free(queue.messages.subjects) : due
    const first = [...ready, ...at.awake().peek(1)].map(({ recordedAtMs }) => recordedAtMs)
    const { handedOut, acked, expired, purged } = queue.counters
    // Events that a replay has beyond those are not counted.
    const fed = replays.atHand(at.id)
    return {
      ...{ ready: ready.length + ahead.ready + fed, approximate: !ahead.isExact || fed > 0 },
      ...{ inFlight: out.length, delayed: delayed.length, held: due.length - ready.length },
      dead: queue.messages.deadCount,
      oldestReadyAtMs: first.reduce<number | null>((oldest, ms) => Math.min(oldest ?? ms, ms), null),
      ...{ handedOut, acked, expired, purged, waitingReceives: waiting.size, awake: isAwake },
      lastRedrive: at.lastRedrive,
    }
  }

  function peek(at: OpenQueue, { limit }: PeekBody): PeekAnswer {
    at.queue.tick(nowMs())
    const due = [...at.queue.messages.all()].filter(({ state, dueAtMs }) => state === 'waiting' && dueAtMs <= nowMs())
    const waiting = due.map(({ origin, partition, offset, eventId, receiveCount }) => ({
      ...{ origin, partition, offset, eventId, receiveCount },
    }))
    const ahead = at
      .awake()
      .peek(limit)
      .map(({ place, eventId }) => ({ ...place, eventId, receiveCount: 0 }))
    return { messages: [...waiting, ...ahead].slice(0, limit) }
  }

  function deadLetters(at: OpenQueue, { limit, after }: DeadBody): DeadAnswer {
    const dead = [...at.queue.messages.dead()].sort((a, b) => a.deadAtMs - b.deadAtMs || a.group - b.group)
    const page = dead.slice(after, after + limit).map(message => {
      const { origin, partition, offset, eventId, receiveCount, deadReason, deadAtMs, firstReceivedAtMs } = message
      return {
        ...{ origin, partition, offset, eventId, receiveCount, deadAtMs, firstReceivedAtMs },
        reason: deadReason!,
      }
    })
    return { dead: page, hasMore: dead.length > after + limit }
  }

  /** `act` once the log has been looked at, so that what is counted or shown is there. */
  function whenRead<T>(looking: Promise<T>, command: QueueCommand, act: (read: T) => unknown): void {
    looking.then(
      read => guarded(() => answers.answer(command, act(read))),
      () => guarded(() => cannotRead(command)),
    )
  }

  function cannotRead(command: QueueCommand): void {
    answers.refuse(command, 'service_unavailable', 'The log cannot be read now: repeat the call.')
  }

  const carryOut: Record<QueueCall, (at: OpenQueue, command: QueueCommand, body: never) => void> = {
    receive,
    settle(at, command, body: SettleBody) {
      answers.answer(command, { results: settled(at, body) })
      receives.serve(at)
    },
    forget: (at, { process }, { correlation }: ForgetBody) => receives.forget(at, { process, correlation }),
    stats: (at, command) => whenRead(at.awake().count(), command, ahead => stats(at, ahead)),
    peek: (at, command, body: PeekBody) => whenRead(at.awake().look(), command, () => peek(at, body)),
    dead: (at, command, body: DeadBody) => answers.answer(command, deadLetters(at, body)),
    redrive(at, command, body: RedriveBody) {
      const redriven = redrive(at, body)
      if (redriven === undefined) answers.refuse(command, 'not_found', 'There is no such queue to redrive to.')
      else answers.answer(command, redriven)
      receives.serve(at)
    },
    purge(at, command, body: PurgeBody) {
      purge(at, command, body).catch(() => guarded(() => cannotRead(command)))
    },
  }

  return {
    settle(command) {
      const { organizationId, environment, queueId, body } = command
      const at = queues.open(organizationId, queueId)
      if (at === undefined || at.record().environment !== environment)
        return answers.refuse(command, 'not_found', 'There is no such queue.')
      observe.call(command.call)
      at.lastCalledMs = clock.monotonicMs()
      carryOut[command.call](at, command, (body === null ? undefined : JSON.parse(body.toString())) as never)
    },
    close() {
      isClosed = true
    },
  }
}

function byState(messages: Iterable<Message>, nowMs: number) {
  const found: Record<'out' | 'due' | 'delayed', Message[]> = { out: [], due: [], delayed: [] }
  for (const message of messages) {
    if (message.state === 'out') found.out.push(message)
    else if (message.state === 'waiting') found[message.dueAtMs <= nowMs ? 'due' : 'delayed'].push(message)
  }
  return found
}

/** Due, and behind nothing of their subject that is out or delayed. */
const free = (subjects: Subjects): Message[] => [...subjects.free()].flatMap(subject => subjects.of(subject))
