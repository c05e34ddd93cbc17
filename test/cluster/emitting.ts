/**
 * Emits over HTTP at a constant rate, each under a key of its own and repeated until it is answered, as a careful producer does; records of a foreign
 * client beside them; and at the end the logs, held against what was promised.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { createSystemClock } from '../../src/clock.ts'
import { type KafkaSettings, openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogPages } from '../../src/kafka/read/log-pages.ts'
import { createLogger } from '../../src/logger.ts'
import { emits } from '../../topics/emits.ts'
import { events } from '../../topics/events.ts'
import { patient } from '../support/patience.ts'
import type { Cluster } from './cluster.ts'
import { foreignProducer } from './foreign.ts'

export interface Organization {
  id: string
  slug: string
  apiKey: string
}

export interface Emit {
  organization: Organization
  /** In the payload, and nowhere else. */
  n: number
  sentAtMs: number
  /** When it was answered with the verdict `accepted`. */
  acceptedAtMs: number | undefined
  /** It was taken: by an answer below 300, or by an acknowledgement of Kafka. */
  isPromised: boolean
  channel: 'http' | 'kafka'
  tries: number
}

export interface Emitting {
  emits: Emit[]
  /** Answers by status; `failed`: none came. `503 without Retry-After` is counted beside them. */
  answers: Map<string, number>
  /** No new ones; resolves when all that were begun are answered, or given up after two minutes. */
  stop(): Promise<void>
}

const TRY_MS = 10_000
const PERSIST_MS = patient(120_000)
const AGAIN_MS = 100
/** More than one run emits, and all of them into the same logs. */
let last = 0

/** Sends to the processes in turn; `bases` is called before every try. */
export function startEmitting(deps: {
  bases(): readonly string[]
  organizations: readonly Organization[]
  ratePerS: number
}): Emitting {
  const all: Emit[] = []
  const answers = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  let isStopped = false
  const loop = run()

  async function run(): Promise<void> {
    const startedAtMs = performance.now()
    for (let at = 0; !isStopped; at++) {
      const waitMs = startedAtMs + (at * 1_000) / deps.ratePerS - performance.now()
      if (waitMs > 0) await pause(waitMs)
      const emit = begin(deps.organizations[at % deps.organizations.length]!, 'http')
      all.push(emit)
      const sending = send(emit, at).finally(() => underWay.delete(sending))
      underWay.add(sending)
    }
  }

  async function send(emit: Emit, turn: number): Promise<void> {
    for (; performance.now() < emit.sentAtMs + PERSIST_MS; await pause(AGAIN_MS)) {
      const bases = deps.bases()
      const answer = await emitOnce(bases[(turn + emit.tries++) % bases.length]!, emit)
      answers.set(answer.told, (answers.get(answer.told) ?? 0) + 1)
      if (answer.status >= 500 || answer.status === 0) continue
      emit.isPromised = answer.status < 300
      if (answer.isAccepted) emit.acceptedAtMs = performance.now()
      return
    }
  }

  return {
    emits: all,
    answers,
    async stop() {
      isStopped = true
      await loop
      await Promise.all(underWay)
    },
  }
}

const begin = (organization: Organization, channel: Emit['channel']): Emit => ({
  organization,
  n: ++last,
  sentAtMs: performance.now(),
  acceptedAtMs: undefined,
  isPromised: false,
  channel,
  tries: 0,
})

const payloadOf = ({ n }: Emit) => ({ kind: 'k', data: { n } })

/** One try. Status 0: no answer came. */
async function emitOnce(base: string, emit: Emit): Promise<{ status: number; isAccepted: boolean; told: string }> {
  try {
    const answer = await fetch(`${base}/api/v1/events/custom/emit`, {
      method: 'POST',
      headers: { authorization: `Bearer ${emit.organization.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'platformxe.generic', payload: payloadOf(emit), idempotencyKey: `k${emit.n}` }),
      signal: AbortSignal.timeout(TRY_MS),
    })
    const { data } = (await answer.json()) as { data?: { verdict?: string } }
    const lacksRetry = answer.status === 503 && !answer.headers.has('retry-after')
    const told = `${answer.status}${lacksRetry ? ' without Retry-After' : ''}`
    return { status: answer.status, isAccepted: answer.status < 300 && data?.verdict !== 'pending', told }
  } catch {
    return { status: 0, isAccepted: false, told: 'failed' }
  }
}

/** One emit, repeated until it is accepted; rejects when that takes longer than the bound. */
export async function emitSurely(bases: readonly string[], organization: Organization, boundMs: number): Promise<Emit> {
  const emit = begin(organization, 'http')
  let answer = { told: 'nothing' }
  while (performance.now() < emit.sentAtMs + boundMs) {
    const found = await emitOnce(bases[emit.tries++ % bases.length]!, emit)
    answer = found
    if (found.isAccepted) return { ...emit, isPromised: true, acceptedAtMs: performance.now() }
    await pause(AGAIN_MS)
  }
  throw new Error(
    `an emit of ${organization.slug} was not accepted within ${boundMs / 1_000} s; the last answer: ${answer.told}`,
  )
}

/** The same straight into Kafka, by another client. It sends undelivered records again under the same key. */
export async function startProducing(deps: {
  cluster: Cluster
  organizations: readonly Organization[]
  ratePerS: number
}): Promise<Emitting> {
  const all: Emit[] = []
  const producer = await foreignProducer(deps.cluster)
  const underWay = new Set<Promise<void>>()
  let isStopped = false
  const loop = run()

  async function run(): Promise<void> {
    for (let at = 0; !isStopped; at++) {
      await pause(1_000 / deps.ratePerS)
      const emit = begin(deps.organizations[at % deps.organizations.length]!, 'kafka')
      all.push(emit)
      const sending = send(emit).finally(() => underWay.delete(sending))
      underWay.add(sending)
    }
  }

  async function send(emit: Emit): Promise<void> {
    const topic = emits.nameFor(emit.organization.id, 'live')
    const headers = { name: 'platformxe.generic', 'idempotency-key': `k${emit.n}` }
    for (; performance.now() < emit.sentAtMs + PERSIST_MS && !emit.isPromised; emit.tries++)
      emit.isPromised = await producer.produce(topic, 0, [JSON.stringify(payloadOf(emit))], headers).then(() => true, () => pause(AGAIN_MS, false)) // biome-ignore format: one thought
  }

  return {
    emits: all,
    answers: new Map(),
    async stop() {
      isStopped = true
      await loop
      await Promise.all(underWay)
      await producer.close()
    },
  }
}

/** The longest time, in ms, in which none of these organizations' emits was accepted, from the first moment to the last. */
export function longestGapMs(
  all: readonly Emit[],
  organizationIds: ReadonlySet<string>,
  fromMs: number,
  toMs: number,
): number {
  const accepted = all
    .filter(({ organization, acceptedAtMs }) => organizationIds.has(organization.id) && acceptedAtMs !== undefined)
    .map(({ acceptedAtMs }) => acceptedAtMs!)
    .filter(atMs => atMs > fromMs && atMs < toMs)
    .sort((a, b) => a - b)
  const moments = [fromMs, ...accepted, toMs]
  return Math.max(...moments.slice(1).map((atMs, index) => atMs - moments[index]!))
}

export interface Verified {
  promised: number
  /** Promised and not in a log. */
  lost: number[]
  /** In a log more than once, or counted more often than they are there. */
  doubled: number[]
  /** Partitions of logs whose numbers are not dense. */
  broken: string[]
  /** Organizations whose usage is not what their log holds. */
  miscounted: string[]
}

/**
 * Reads the logs of these organizations until everything that was promised is there, for a minute at most, and then holds them against it.
 * `usageOf` answers the organization's own count of its emits.
 */
export async function verify(deps: {
  kafka: KafkaSettings
  cluster: Cluster
  organizations: readonly Organization[]
  emits: readonly Emit[]
  usageOf(organization: Organization): Promise<number>
}): Promise<Verified> {
  const promised = deps.emits.filter(({ isPromised }) => isPromised)
  const wire = await openWire(deps.kafka, createLogger('silent'))
  const pages = createLogPages({ wire, clock: createSystemClock() })
  try {
    const deadline = performance.now() + patient(60_000)
    for (;;) {
      const verified = await verifyOnce()
      const isWhole = verified.lost.length === 0 && verified.miscounted.length === 0
      if (isWhole || performance.now() > deadline) return verified
      await pause(500)
    }
  } finally {
    await wire.close()
  }

  async function verifyOnce(): Promise<Verified> {
    const seen = new Map<number, number>()
    const [broken, miscounted]: [string[], string[]] = [[], []]
    for (const organization of deps.organizations) {
      const topic = events.nameFor(organization.id, 'live')
      const { topics } = await deps.cluster.describe([topic])
      let size = 0
      for (const { partition } of topics[0]!.partitions) {
        const log = await readAll(topic, partition)
        size += log.length
        if (log.some(({ sequence }, index) => sequence !== index + 1)) broken.push(`${organization.slug}/${partition}`)
        for (const { n } of log) seen.set(n, (seen.get(n) ?? 0) + 1)
      }
      const used = await deps.usageOf(organization).catch(() => -1)
      if (used !== size) miscounted.push(`${organization.slug}: ${used} counted, ${size} in the log`)
    }
    const lost = promised.filter(({ n }) => !seen.has(n)).map(({ n }) => n)
    const doubled = [...seen].filter(([, times]) => times > 1).map(([n]) => n)
    return { promised: promised.length, lost, doubled, broken, miscounted }
  }

  async function readAll(topic: string, partition: number): Promise<Array<{ n: number; sequence: number }>> {
    const log: Array<{ n: number; sequence: number }> = []
    for (let offset = 0, end = 1; offset < end; ) {
      const page = await pages.read(topic, partition, offset)
      for (const { value, headers } of page.records) {
        const { data } = JSON.parse(String(value)) as { data: { n: number } }
        log.push({ n: data.n, sequence: Number(headers.sequence) })
      }
      offset = page.nextOffset
      end = page.stableEnd
    }
    return log
  }
}
