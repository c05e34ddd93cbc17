/**
 * The load of the figure `overload`, a process of its own: emits of several organizations, in a closed loop, or arriving at a constant rate that
 * changes once while those under way stay under way. It never throws on a status: what it was answered is the result.
 */
import { Pool } from 'undici'
import { createSystemClock } from '../src/clock.ts'
import { closedLoop, openLoop } from './loops.ts'
import { orderJson } from './order.ts'

/** Who emits, as what. */
export interface Emitting {
  apiKey: string
  event: string
}

export type EmitLoad = { port: number; seconds: number; flooding: Emitting[] } & (
  | { kind: 'closed'; inFlight: number }
  /** One stretch of `seconds` after the other; `quiet` emits at its own rate all the time. */
  | { kind: 'open'; ratesPerS: number[]; quiet: Emitting & { ratePerS: number } }
)

export interface Answer {
  status: number
  /** A 503 that says when to come again. */
  retryAfter: boolean
  /** When it was sent and answered, ms, counted from the beginning of the first stretch. */
  sentMs: number
  answeredMs: number
  /** The stretch that it was sent in. */
  stretch: number
  quiet: boolean
  emitId: string | undefined
  /** Answered without a verdict. */
  pending: boolean
}

export interface EmitLoadResult {
  answers: Answer[]
  /** Answers 202 a second; of a closed loop. */
  acceptedPerS: number
  /** How late requests were sent, ms. */
  lagsMs: number[]
}

/** More than are under way at a time, so that requests do not wait for a connection. */
const CONNECTIONS = 2_500
const clock = createSystemClock()

process.once('disconnect', () => process.exit(0))
process.once('message', load => void run(load as EmitLoad).then(result => process.send!(result, () => process.exit(0))))

async function run(load: EmitLoad): Promise<EmitLoadResult> {
  const pool = new Pool(`http://127.0.0.1:${load.port}`, { connections: CONNECTIONS, pipelining: 1 })
  const answers: Answer[] = []
  const lagsMs: number[] = []
  const startMs = clock.monotonicMs()
  let number = 0

  async function emit({ apiKey, event }: Emitting, stretch: number, quiet: boolean): Promise<number> {
    const sentMs = clock.monotonicMs() - startMs
    const body = `{"name":"${event}","payload":${orderJson(number++)}}`
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    const answer = await pool.request({ method: 'POST', path: '/api/v1/events/custom/emit', headers, body })
    const text = await answer.body.text()
    answers.push({
      ...{ status: answer.statusCode, retryAfter: answer.headers['retry-after'] !== undefined, sentMs, stretch, quiet },
      answeredMs: clock.monotonicMs() - startMs,
      emitId: /"emitId":"([^"]+)"/.exec(text)?.[1],
      pending: text.includes('"verdict":"pending"'),
    })
    return answer.statusCode === 202 ? 1 : 0
  }

  const flooding = (n: number) => load.flooding[n % load.flooding.length]!
  if (load.kind === 'closed') {
    const acceptedPerS = await closedLoop(clock, load.inFlight, load.seconds, lane => emit(flooding(lane), 0, false))
    return { answers, acceptedPerS, lagsMs }
  }
  const { ratesPerS, quiet, seconds } = load
  const asPromised = async (answer: Promise<number>) => void (await answer)
  const streams = [openLoop(clock, quiet.ratePerS, seconds * ratesPerS.length, () => asPromised(emit(quiet, 0, true)))]
  for (const [stretch, ratePerS] of ratesPerS.entries()) {
    streams.push(openLoop(clock, ratePerS, seconds, n => asPromised(emit(flooding(n), stretch, false))))
    // The next stretch begins when this one's last has been sent, not answered.
    await clock.sleep(seconds * 1_000)
  }
  const failures: string[] = []
  for (const arrivals of await Promise.all(streams)) {
    lagsMs.push(...arrivals.lagsMs)
    failures.push(...arrivals.failures)
  }
  if (failures.length > 0) console.error(`${failures.length} requests had no answer; the first: ${failures[0]}`)
  return { answers, acceptedPerS: 0, lagsMs }
}
