/** `npm run demo -- --domain`: the reference domain under two `kill -9`, counted on every side. */
import type { Clock, Random } from '../../src/clock.ts'
import { createCalls } from '../calls.ts'
import { createClient } from '../client.ts'
import type { DemoPlatform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Receiver } from '../receiver.ts'
import { percentile } from '../report.ts'
import { type Side, settledTally, tally } from './tally.ts'
import { jobsOf } from './work.ts'

const AT_ONCE = 24
/** Shares of the jobs that are done when the platform is killed. */
const STRIKES = [0.3, 0.65]
const SETTLED_WITHIN_MS = 120_000

export async function runDomain(deps: {
  platform: DemoPlatform
  receiver: Receiver
  clock: Clock
  random: Random
  progress: Progress
  signal: AbortSignal
}): Promise<{ agrees: boolean; report: string }> {
  const { platform, receiver, clock, random, progress, signal } = deps
  const operator = createClient({ base: platform.base, key: platform.adminKey })
  const slug = `domain-${random.bytes(5).toString('hex')}`
  const made = await operator.ask<{ apiKey: string }>('POST', '/api/v1/organizations', {
    ...{ name: 'Domain demo', slug, plan: 'ENTERPRISE', ownerEmail: 'demo@example.test' },
  })
  const calls = createCalls({ base: platform.base, key: made.apiKey, clock, signal })
  const webhook = await calls.ask<{ id: string; secret: string }>('POST', '/api/v1/webhooks', {
    ...{ name: 'everything', url: receiver.url('/domain'), events: ['*'], retry: { delays: [0, '1s', '5s', '30s'] } },
  })
  receiver.trust('/domain', webhook.secret)
  const jobs = jobsOf(calls, clock)
  let done = 0
  progress.watch(
    () => `done ${done}/${jobs.length}, calls made once more ${calls.repeated}, received ${receiver.requests.length}`,
  )
  const startedMs = clock.monotonicMs()
  const strikes = STRIKES.map(share => Math.floor(share * jobs.length))
  let striking: Promise<void> = Promise.resolve()
  await atOnce(jobs, async job => {
    await job.run()
    done++
    if (!strikes.includes(done)) return
    progress.say('kill -9')
    striking = platform.strike!()
  })
  await striking
  const seconds = (clock.monotonicMs() - startedMs) / 1000
  progress.say('Counting')
  const { sides, agrees } = await settledTally(clock, SETTLED_WITHIN_MS, () =>
    tally(calls, webhook.id, receiver.requests),
  )
  progress.end()
  const [p50, p99] = [50, 99].map(each => percentile(calls.timesMs, each)?.toFixed(1))
  const paces = `${seconds.toFixed(0)} s with two kill -9; ${calls.repeated} calls were made once more; answered at once in ms: p50 ${p50}, p99 ${p99}`
  return { agrees, report: `${table(sides)}\n\n  ${paces}` }
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

const HEADINGS = ['expected', 'log', 'received', 'ClickHouse']

function table(sides: readonly Side[]): string {
  const row = (name: string, cells: readonly unknown[]) =>
    `  ${name.padEnd(36)}${cells.map(cell => String(cell ?? '').padStart(12)).join('')}`
  return [
    row('', HEADINGS),
    ...sides.map(({ name, figures, agrees }) => row(name, figures) + (agrees ? '' : '   <- differ')),
  ].join('\n')
}
