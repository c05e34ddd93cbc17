/**
 * The load of the figure `overload`, a process of its own: emits of several organizations in a closed loop, for what the platform can do, then arriving
 * at multiples of that rate, one stretch after the other, whatever the outcome of the ones before. A request that finds all connections busy waits for one, and
 * its time counts from before. It never throws on a status: the answer is the result.
 */
import { createSystemClock } from '../src/clock.ts'
import { openConnections } from './lean-http.ts'
import { closedLoop, openLoop } from './loops.ts'
import { orderJson } from './order.ts'

/** The emitting organization and its event. */
export interface Emitting {
  apiKey: string
  event: string
}

export interface EmitLoad {
  port: number
  flooding: Emitting[]
  /** Emits at its own rate during all stretches. */
  quiet: Emitting & { ratePerS: number }
  /** Of the closed loop. */
  inFlight: number
  warmS: number
  /** Of the closed loop, and of each stretch. */
  seconds: number
  /** The arrival rate of each stretch, as a multiple of the closed loop's rate. */
  times: number[]
}

export interface Answer {
  status: number
  /** A 503 that says when to come again. */
  retryAfter: boolean
  /** When it was sent and answered, ms, counted from the beginning of the first stretch. */
  sentMs: number
  answeredMs: number
  quiet: boolean
  emitId: string | undefined
  /** Answered without a verdict. */
  pending: boolean
}

export interface EmitLoadResult {
  /** Of the stretches. */
  answers: Answer[]
  /** Of the closed loop. */
  sustainablePerS: number
  /** Of all 202, also those of the closed loop. */
  acknowledged: string[]
  /** How late requests were sent, ms. */
  lagsMs: number[]
  /** The load of this process meanwhile, CPU seconds a second. */
  ownCores: number
  /** Requests without an answer. */
  failures: string[]
}

/** More than wait at a time (three quarters of a second of what is taken), and made before, since making them costs both sides more than an emit does. */
const CONNECTIONS = 8_000
const PATH = '/api/v1/events/custom/emit'
const clock = createSystemClock()

process.once('disconnect', () => process.exit(0))
process.once('message', load => void run(load as EmitLoad).then(result => process.send!(result, () => process.exit(0))))

async function run({ port, flooding, quiet, inFlight, warmS, seconds, times }: EmitLoad): Promise<EmitLoadResult> {
  const connections = await openConnections(clock, port, CONNECTIONS)
  const result: EmitLoadResult = {
    answers: [],
    sustainablePerS: 0,
    acknowledged: [],
    lagsMs: [],
    ownCores: 0,
    failures: [],
  }
  let startMs = clock.monotonicMs()
  let number = 0

  async function emit({ apiKey, event }: Emitting, isQuiet: boolean): Promise<number> {
    const sentMs = clock.monotonicMs() - startMs
    const body = `{"name":"${event}","payload":${orderJson(number++)}}`
    const { status, retryAfter, text } = await connections.post(PATH, apiKey, body)
    const emitId = /"emitId":"([^"]+)"/.exec(text)?.[1]
    if (status === 202 && emitId !== undefined) result.acknowledged.push(emitId)
    const pending = text.includes('"verdict":"pending"')
    result.answers.push({
      status,
      retryAfter,
      sentMs,
      answeredMs: clock.monotonicMs() - startMs,
      quiet: isQuiet,
      emitId,
      pending,
    })
    return status === 202 ? 1 : 0
  }

  const flood = (n: number) => emit(flooding[n % flooding.length]!, false)
  await closedLoop(clock, inFlight, warmS, flood)
  result.sustainablePerS = await closedLoop(clock, inFlight, seconds, flood)
  result.answers = []
  startMs = clock.monotonicMs()
  const cpu = process.cpuUsage()
  const send = async (answer: Promise<number>) => void (await answer)
  const streams = [openLoop(clock, quiet.ratePerS, seconds * times.length, () => send(emit(quiet, true)))]
  for (const each of times) {
    streams.push(openLoop(clock, each * result.sustainablePerS, seconds, n => send(flood(n))))
    // The next stretch begins when this one's last has been sent, not answered.
    await clock.sleep(seconds * 1_000)
  }
  const arrivals = await Promise.all(streams)
  result.lagsMs = arrivals.flatMap(each => each.lagsMs)
  result.failures = arrivals.flatMap(each => each.failures)
  const { user, system } = process.cpuUsage(cpu)
  result.ownCores = (user + system) / 1_000 / (clock.monotonicMs() - startMs)
  connections.close()
  return result
}
