/**
 * Streams: from an emit to the frame at a client beside the verdict of the same emit, what a frame costs with many
 * connections, how fast one connection goes through the past, and the memory of idle ones. Clients are in this process;
 * CPU and memory are those of the platform's.
 */
import { type ClientRequest, request } from 'node:http'
import { rssMb, watchCpu } from '../cpu.ts'
import { createPlatformClient, type PlatformClient } from '../emit-all.ts'
import { openLoop } from '../loops.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { median, percentile } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const RATE_PER_S = 200
const WARM_S = 3
/** As many as a plan allows for one organization. */
const CONNECTIONS = 100
const FRAMES_PER_S = 20
const GOALS = { p50Ms: 1, p99Ms: 5, frameUs: 14, idleKb: 40 }
const EVENT = 'event: platformxe.generic\n'

export async function measurePush(testbed: Testbed): Promise<Row[]> {
  const isQuick = testbed.options.rounds === 1
  const platform = await testbed.platform('all')
  const rows: Row[] = []
  for (const connections of [1, CONNECTIONS]) rows.push(...(await latency(testbed, platform, connections)))
  rows.push(await frames(testbed, platform, isQuick ? 2 : 10))
  rows.push(await past(testbed, platform))
  rows.push(await idle(testbed, platform, isQuick ? 10 : 100))
  await platform.end()
  return rows
}

interface Open {
  call: ClientRequest
  /** Events so far. */
  events: number
}

/** Resolves with its first frame. */
function open(
  { base }: PlatformProcess,
  { apiKey }: PlatformClient,
  from = 'latest',
  onText: (text: string) => void = () => undefined,
): Promise<Open> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${apiKey}`, accept: 'text/event-stream' }
    const call = request(`${base}/api/v1/events/stream?types=*&from=${from}`, { headers, agent: false }, answer => {
      const stream: Open = { call, events: 0 }
      let left = ''
      answer.setEncoding('latin1').on('data', (text: string) => {
        const all = left + text
        stream.events += all.split(EVENT).length - 1
        onText(text)
        // A frame's first lines may be cut.
        left = all.slice(-(EVENT.length - 1))
        if (answer.statusCode === 200) resolve(stream)
        else reject(new Error(`a stream was answered ${answer.statusCode}: ${text}`))
      })
      answer.on('error', () => undefined)
    })
    call.on('error', reject)
    call.end()
  })
}

const close = (streams: readonly Open[]) => {
  for (const { call } of streams) call.destroy()
}

async function latency(testbed: Testbed, platform: PlatformProcess, count: number): Promise<Row[]> {
  const { clock } = testbed
  const organization = await createPlatformClient(testbed, platform)
  const sentMs = new Map<number, number>()
  const frameMs: number[] = []
  const verdictMs: number[] = []
  const onText = (text: string) => {
    for (const [, n] of text.matchAll(/"n":(\d+)/g)) {
      const sent = sentMs.get(Number(n))
      if (sent !== undefined) frameMs.push(clock.monotonicMs() - sent)
      sentMs.delete(Number(n))
    }
  }
  const first = await open(platform, organization, 'latest', onText)
  const streams = [first, ...(await many(count - 1, () => open(platform, organization)))]
  const send = async (n: number) => {
    const body = JSON.stringify({ name: 'platformxe.generic', payload: { kind: 'k', data: { n } } })
    const atMs = clock.monotonicMs()
    sentMs.set(n, atMs)
    const { status } = await organization.client.send('POST', '/api/v1/events/custom/emit', body)
    if (status !== 202) throw new Error(`an emit was answered ${status}`)
    verdictMs.push(clock.monotonicMs() - atMs)
  }
  await openLoop(clock, RATE_PER_S, WARM_S, send)
  for (const list of [frameMs, verdictMs]) list.length = 0
  await openLoop(clock, RATE_PER_S, testbed.options.seconds, send)
  close(streams)
  return (['p50', 'p99'] as const).map(name => {
    const share = name === 'p50' ? 0.5 : 0.99
    const goal = name === 'p50' ? GOALS.p50Ms : GOALS.p99Ms
    const [frame, verdict] = [percentile(frameMs, share), percentile(verdictMs, share)]
    return {
      figure: `emit → frame, ${RATE_PER_S}/s, ${count} connection${count === 1 ? '' : 's'}, ${name} ms`,
      clarion: short(frame),
      baseline: `${short(verdict)} (verdict)`,
      ratio: `+${short(frame - verdict)}`,
      goal: `≤ +${goal}`,
      holds: frame - verdict <= goal,
    }
  })
}

/** Several organizations, each with the connections of its plan. */
async function frames(testbed: Testbed, platform: PlatformProcess, organizations: number): Promise<Row> {
  const all = await many(organizations, () => createPlatformClient(testbed, platform))
  const cost = async (perOrganization: number): Promise<{ us: number; events: number }> => {
    const streams = (await Promise.all(all.map(each => many(perOrganization, () => open(platform, each))))).flat()
    const used = watchCpu({ platform: platform.child.pid })
    await openLoop(testbed.clock, FRAMES_PER_S, testbed.options.seconds, async () => {
      await Promise.all(all.map(each => each.emitGeneric(1)))
    })
    const { seconds } = used()
    const events = streams.reduce((sum, each) => sum + each.events, 0)
    close(streams)
    return { us: seconds * 1e6, events }
  }
  const [bare, full] = [await cost(1), await cost(CONNECTIONS)]
  const us = (full.us - bare.us) / (full.events - bare.events)
  return {
    figure: `${organizations * CONNECTIONS} connections × ${FRAMES_PER_S} events/s, CPU µs a frame`,
    clarion: short(us),
    baseline: '8.5 (socket.write alone)',
    ratio: short(us / 8.5),
    goal: `≤ ${GOALS.frameUs}`,
    holds: us <= GOALS.frameUs,
  }
}

async function past(testbed: Testbed, platform: PlatformProcess): Promise<Row> {
  const organization = await createPlatformClient(testbed, platform)
  const count = testbed.options.records
  await organization.emitGeneric(count)
  const rates: number[] = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    const startedMs = testbed.clock.monotonicMs()
    const stream = await open(platform, organization, 'earliest')
    while (stream.events < count) await testbed.clock.sleep(5)
    rates.push(count / ((testbed.clock.monotonicMs() - startedMs) / 1_000))
    close([stream])
  }
  const rate = median(rates)
  return {
    figure: `one connection from earliest, events/s (the plan allows 5,000)`,
    clarion: whole(rate),
    baseline: '5,000 (the plan)',
    ratio: short(rate / 5_000),
    goal: '–',
    holds: undefined,
  }
}

async function idle(testbed: Testbed, platform: PlatformProcess, organizations: number): Promise<Row> {
  const all = await many(organizations, () => createPlatformClient(testbed, platform))
  const before = rssMb(platform.child.pid)
  const streams = (await Promise.all(all.map(each => many(CONNECTIONS, () => open(platform, each))))).flat()
  await testbed.clock.sleep(20_000)
  const kb = ((rssMb(platform.child.pid) - before) * 1_024) / streams.length
  close(streams)
  return {
    figure: `${streams.length} idle connections over ${organizations} logs, KB RSS each`,
    clarion: short(kb),
    baseline: '17 (bare sockets of Node)',
    ratio: short(kb / 17),
    goal: `≤ ${GOALS.idleKb}`,
    holds: kb <= GOALS.idleKb,
  }
}

/** A few at a time: what is measured is not the opening. */
async function many<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = []
  const worker = async () => {
    while (made.length + underWay < count) {
      underWay++
      const each = await make()
      underWay--
      made.push(each)
    }
  }
  let underWay = 0
  await Promise.all(Array.from({ length: 4 }, worker))
  return made
}
