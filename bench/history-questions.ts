/** Queries of the history: each 50 times over HTTP, one after the other, after a first time that does not count. */
import type { HttpClient } from './platform-process.ts'
import { percentile } from './rates.ts'
import type { Testbed } from './testbed.ts'

const TIMES = 50
const WARM_TIMES = 3
/** A query that takes longer than this is repeated less often. */
const PATIENCE_MS = 30_000

const EMITS = '/api/v1/events/custom/emits'
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

export interface Question {
  name: string
  /** Its latency has a goal (health and usage). */
  hasGoal: boolean
  ask(): Promise<unknown>
}

export interface Times {
  p50: number
  p99: number
}

/** The questions of one organization about its own history; `names` as it was filled with. */
export async function questionsOf(client: HttpClient, names: string[], untilMs: number): Promise<Question[]> {
  const get = (path: string) => getJson(client, path)
  const newest = await get(`${EMITS}?limit=50&status=DELIVERED`)
  const shown = newest.data.find(each => each.subscriberCount > 0) ?? newest.data[0]!
  const page = await get(`${EMITS}?limit=50`)
  const at = (ms: number) => new Date(ms).toISOString()
  const tenDaysAgo = untilMs - 10 * DAY_MS
  const list = (name: string, query: string): [string, string] => [`emits, ${name}`, `${EMITS}?limit=50${query}`]
  const paths: Array<[string, string]> = [
    ['health', '/api/v1/events/custom/health'],
    ['usage of the month', '/api/v1/usage/summary'],
    ['usage by hour over 30 days', `/api/v1/usage/timeseries?interval=hour&from=${at(untilMs - 30 * DAY_MS)}`],
    list('newest', ''),
    list('second page', `&cursor=${page.meta.nextCursor}`),
    list('one name (the rarest)', `&name=${names.at(-1)}`),
    list('one hour ten days ago', `&from=${at(tenDaysAgo)}&to=${at(tenDaysAgo + HOUR_MS)}`),
    list('REJECTED', '&status=REJECTED'),
    list('FAILED', '&status=FAILED'),
    list('DELIVERED', '&status=DELIVERED'),
    list('RELAYED', '&status=RELAYED'),
    ['one emit', `${EMITS}/${shown.emitId}`],
    ['one event, with payload, deliveries and attempts', `/api/v1/events/${shown.eventId}`],
  ]
  return paths.map(([name, path]) => ({
    name,
    hasGoal: name === 'health' || name.startsWith('usage'),
    ask: () => get(path),
  }))
}

export async function timesOf({ clock, say }: Testbed, question: Question): Promise<Times> {
  const took: number[] = []
  const startedAtMs = clock.monotonicMs()
  for (let time = 0; time < WARM_TIMES + TIMES; time++) {
    const askedAtMs = clock.monotonicMs()
    await question.ask()
    const ms = clock.monotonicMs() - askedAtMs
    if (time >= WARM_TIMES) took.push(ms)
    if (clock.monotonicMs() - startedAtMs > PATIENCE_MS && took.length > 0) break
  }
  const times = { p50: percentile(took, 0.5), p99: percentile(took, 0.99) }
  say(`${question.name}: ${times.p50.toFixed(1)} / ${times.p99.toFixed(1)} ms (${took.length} times)`)
  return times
}

interface Shown {
  data: Array<{ emitId: string; eventId: string; subscriberCount: number }>
  meta: { nextCursor: string | null }
}

async function getJson(client: HttpClient, path: string): Promise<Shown> {
  const { status, text } = await client.send('GET', path)
  if (status !== 200) throw new Error(`GET ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as Shown
}
