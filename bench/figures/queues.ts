/**
 * Queues over HTTP: receives of ten and their acks by 16 consumers at 8 queues of 8 organizations, one at a time by 64
 * consumers, and from an emit to the answer of a receive that waits. Consumers are in this process, with a client that does
 * little.
 */
import { queueLoop } from '../baselines/queue-loop.ts'
import { otherRate } from '../baselines/queues/baseline.ts'
import { bullMq } from '../baselines/queues/bullmq.ts'
import { elasticMq } from '../baselines/queues/elasticmq.ts'
import { pgmq } from '../baselines/queues/pgmq.ts'
import { watchCpu } from '../cpu.ts'
import { createPlatformClient, type PlatformClient } from '../emit-all.ts'
import { type Connections, openConnections } from '../lean-http.ts'
import { openLoop } from '../loops.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { median, percentile } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const QUEUES = 8
const RATE_PER_S = 200
const WARM_S = 3
const SETTLED_MS = 15_000
const WAITING = 4
const GOALS = { tens: 2_000, tensP99Ms: 30, ones: 3_000, cpuUs: 60, p50Ms: 3, p99Ms: 20, elasticMq: 2 }
const OTHERS = [elasticMq, pgmq, bullMq]

interface Load {
  consumers: number
  max: number
  /** Settles in the receive that follows. */
  together: boolean
}

interface Drained {
  cyclesPerS: number
  cycleMs: number[]
  /** Of the platform and of this process. */
  cpuUsPerMessage: number
}

interface Received {
  data: { messages: Array<{ receipt: string; data: { data: { n: number } } }> }
}

export async function measureQueues(testbed: Testbed): Promise<Row[]> {
  const platform = await testbed.platform('all')
  const organizations = await Promise.all(Array.from({ length: QUEUES }, () => createPlatformClient(testbed, platform)))
  const perQueue = Math.ceil(testbed.options.records / 5)
  testbed.say(`${QUEUES} logs get ${perQueue} events each`)
  for (const each of organizations) await each.emitGeneric(perQueue)
  // Their history is being written for a while.
  await testbed.clock.sleep(SETTLED_MS)
  const tens: Load = { consumers: 16, max: 10, together: false }
  const ones: Load = { consumers: 64, max: 1, together: false }
  const drain = (load: Load, count: number) => drained(testbed, platform, organizations, load, count)
  await drain(tens, perQueue / 5)
  const rows = [
    ...(await compared(testbed, tens, () => drain(tens, perQueue))),
    ...(await compared(testbed, ones, () => drain(ones, perQueue / 5))),
    ...(await compared(testbed, { ...ones, together: true }, () => drain({ ...ones, together: true }, perQueue / 5))),
    ...(await latency(testbed, platform)),
  ]
  await platform.end()
  return rows
}

async function compared(testbed: Testbed, load: Load, drain: () => Promise<Drained>): Promise<Row[]> {
  const { consumers, max, together } = load
  const own: Drained[] = []
  const bare: number[] = []
  const others = new Map(OTHERS.filter(({ takesMany }) => takesMany || max === 1).map(other => [other, [] as number[]]))
  for (let round = 0; round < testbed.options.rounds; round++) {
    own.push(await drain())
    const cycles = Math.ceil(testbed.options.records / 20)
    bare.push(await queueLoop(testbed, { consumers, lanes: QUEUES, cycles }))
    const perQueue = Math.ceil((cycles * max) / QUEUES)
    for (const [other, rates] of together ? [] : others) {
      const found = await otherRate(testbed, other, { consumers, max, queues: QUEUES, perQueue })
      if (found !== undefined) rates.push(found)
    }
  }
  const what = `queues, ${max === 1 ? 'single messages' : `receives of ${max}`}, ${consumers} consumers${together ? ', acked by the next receive' : ''}`
  const [rate, loop] = [median(own.map(({ cyclesPerS }) => cyclesPerS)), median(bare)]
  const goal = max === 1 ? GOALS.ones : GOALS.tens
  const row = {
    ...{ figure: `${what}, cycles/s`, clarion: whole(rate), baseline: `${whole(loop)} (bare loop)` },
    ...{ ratio: short(rate / loop), goal: `≥ ${whole(goal)}`, holds: rate >= goal },
  }
  const beside = [...others].flatMap(([{ name }, rates]) => {
    if (rates.length === 0) return []
    const other = median(rates)
    const wanted = name === elasticMq.name && max > 1 ? GOALS.elasticMq : undefined
    return {
      ...{ figure: `${what}, cycles/s`, clarion: whole(rate), baseline: `${whole(other)} (${name})` },
      ratio: short(rate / other),
      ...(wanted === undefined
        ? { goal: '–', holds: undefined }
        : { goal: `≥ ${wanted} ×`, holds: rate >= wanted * other }),
    }
  })
  if (max === 1) return [row, ...beside]
  const p99 = percentile(own.flatMap(({ cycleMs }) => cycleMs), 0.99) // biome-ignore format: one thought
  const cpu = median(own.map(({ cpuUsPerMessage }) => cpuUsPerMessage))
  return [
    row,
    ...beside,
    {
      ...{ figure: `${what}, p99 of a cycle, ms`, clarion: short(p99), baseline: '–', ratio: '–' },
      ...{ goal: `≤ ${GOALS.tensP99Ms}`, holds: p99 <= GOALS.tensP99Ms },
    },
    {
      ...{ figure: `${what}, CPU µs a message, consumers too`, clarion: short(cpu), baseline: '–', ratio: '–' },
      ...{ goal: `≤ ${GOALS.cpuUs}`, holds: cpu <= GOALS.cpuUs },
    },
  ]
}

/** The first events of each log, through a queue that begins at its start. */
async function drained(
  testbed: Testbed,
  platform: PlatformProcess,
  organizations: readonly PlatformClient[],
  load: Load,
  perQueue: number,
): Promise<Drained> {
  const { clock } = testbed
  const paths = await Promise.all(organizations.map(each => queueAt(testbed, each, 'earliest')))
  const connections = await openConnections(clock, Number(new URL(platform.base).port), load.consumers)
  const left = paths.map(() => Math.floor(perQueue))
  const cycleMs: number[] = []
  const used = watchCpu({ platform: platform.child.pid, bench: process.pid })
  const startedMs = clock.monotonicMs()
  let messages = 0
  const consume = async (at: number) => {
    const call = callerOf(connections, paths[at]!, organizations[at]!)
    let ack: string[] = []
    while (left[at]! > 0) {
      left[at]! -= load.max
      const beganMs = clock.monotonicMs()
      const received = await call<Received>('receive', { max: load.max, waitSeconds: 1, ack })
      ack = received.data.messages.map(({ receipt }) => receipt)
      messages += ack.length
      if (!load.together) {
        await call('ack', { receipts: ack })
        ack = []
      }
      cycleMs.push(clock.monotonicMs() - beganMs)
    }
    if (ack.length > 0) await call('ack', { receipts: ack })
  }
  await Promise.all(Array.from({ length: load.consumers }, (_, consumer) => consume(consumer % QUEUES)))
  const seconds = (clock.monotonicMs() - startedMs) / 1_000
  connections.close()
  return { cyclesPerS: cycleMs.length / seconds, cycleMs, cpuUsPerMessage: (used().seconds * 1e6) / messages }
}

async function latency(testbed: Testbed, platform: PlatformProcess): Promise<Row[]> {
  const { clock, options } = testbed
  const organization = await createPlatformClient(testbed, platform)
  const path = await queueAt(testbed, organization, 'latest')
  const connections = await openConnections(clock, Number(new URL(platform.base).port), WAITING)
  const call = callerOf(connections, path, organization)
  const sentMs = new Map<number, number>()
  const receivedMs: number[] = []
  const verdictMs: number[] = []
  let isOver = false
  const consume = async () => {
    let ack: string[] = []
    while (!isOver || sentMs.size > 0) {
      const { data } = await call<Received>('receive', { max: 10, waitSeconds: 1, ack })
      ack = data.messages.map(({ receipt }) => receipt)
      for (const message of data.messages) {
        const { n } = message.data.data
        receivedMs.push(clock.monotonicMs() - sentMs.get(n)!)
        sentMs.delete(n)
      }
    }
    if (ack.length > 0) await call('ack', { receipts: ack })
  }
  let sent = 0
  const send = async () => {
    const n = sent++
    const body = JSON.stringify({ name: 'platformxe.generic', payload: { kind: 'k', data: { n } } })
    const atMs = clock.monotonicMs()
    sentMs.set(n, atMs)
    const { status } = await organization.client.send('POST', '/api/v1/events/custom/emit', body)
    if (status !== 202) throw new Error(`an emit was answered ${status}`)
    verdictMs.push(clock.monotonicMs() - atMs)
  }
  const load = async () => {
    await openLoop(clock, RATE_PER_S, WARM_S, send)
    for (const list of [receivedMs, verdictMs]) list.length = 0
    await openLoop(clock, RATE_PER_S, options.seconds, send)
    isOver = true
  }
  await Promise.all([load(), ...Array.from({ length: WAITING }, consume)])
  connections.close()
  return (['p50', 'p99'] as const).map(name => {
    const share = name === 'p50' ? 0.5 : 0.99
    const goal = name === 'p50' ? GOALS.p50Ms : GOALS.p99Ms
    const [received, verdict] = [percentile(receivedMs, share), percentile(verdictMs, share)]
    return {
      figure: `emit → receive that waits, ${RATE_PER_S}/s, ${name} ms`,
      ...{ clarion: short(received), baseline: `${short(verdict)} (verdict)`, ratio: `+${short(received - verdict)}` },
      ...{ goal: `≤ +${goal}`, holds: received - verdict <= goal },
    }
  })
}

/** The path of a new queue. */
async function queueAt(testbed: Testbed, { client }: PlatformClient, start: string): Promise<string> {
  const name = `q${testbed.random.bytes(6).toString('hex')}`
  const body = JSON.stringify({ name, start, selectors: ['platformxe.generic'], visibilityTimeoutSeconds: 600 })
  const { status, text } = await client.send('POST', '/api/v1/queues', body)
  if (status !== 201) throw new Error(`a queue was answered ${status}: ${text}`)
  return `/api/v1/queues/${(JSON.parse(text) as { data: { id: string } }).data.id}`
}

function callerOf(connections: Connections, path: string, { apiKey }: PlatformClient) {
  return async <T>(call: string, body: object): Promise<T> => {
    for (;;) {
      const { status, text } = await connections.post(`${path}/${call}`, apiKey, JSON.stringify(body))
      // The plan allows so many calls a second.
      if (status === 429) continue
      if (status !== 200) throw new Error(`the call ${call} was answered ${status}: ${text.slice(0, 300)}`)
      return JSON.parse(text) as T
    }
  }
}
