/**
 * Twice as many emits as can be judged, in one process of all roles with a receiver behind a webhook, then half as many. Baseline is the rate of
 * a closed loop before. Four organizations flood; a fifth emits 20 a second all the while. At the end each emit that was acknowledged must be in the
 * audit and in the log.
 */
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { createLogger } from '../../src/logger.ts'
import type { Answer, EmitLoad, EmitLoadResult } from '../emit-load.ts'
import { type BenchOrganization, makeOrganization, organizationsOf } from '../organizations.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { percentile } from '../rates.ts'
import { openReceiver } from '../receiving.ts'
import { untilIdle } from '../recorded.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { watchAdmission } from '../watch-admission.ts'

/** At 200 it waits for its own transactions, not for the machine: twice that rate would be no overload. */
const IN_FLIGHT = 1_000
const WARM_S = 10
const QUIET_RATE_PER_S = 20
const GOALS = { p99Ms: 2_000, share: 0.7, recoveryS: 5, quietShare: 0.95 }

export async function measureOverload(testbed: Testbed): Promise<Row[]> {
  const flooding = await organizationsOf(testbed)
  const receiver = await openReceiver(testbed)
  const platform = await testbed.platform('all', 'overload')
  const quiet = await makeOrganization(platform, testbed)
  const everyone = [...flooding, quiet]
  for (const { apiKey, event } of everyone) {
    const webhook = JSON.stringify({ url: `http://127.0.0.1:${receiver.port}/hook`, events: [event] })
    const { status, text } = await platform.client(apiKey).send('POST', '/api/v1/webhooks', webhook)
    if (status !== 201) throw new Error(`a webhook was answered ${status}: ${text.slice(0, 300)}`)
  }
  const watch = await watchAdmission(testbed, everyone)
  const acceptedBefore = watch.accepted()
  const { seconds } = testbed.options
  const port = Number(new URL(platform.base).port)
  const open = await loaded(testbed, {
    ...{ port, flooding: flooding.map(({ apiKey, event }) => ({ apiKey, event })) },
    quiet: { apiKey: quiet.apiKey, event: quiet.event, ratePerS: QUIET_RATE_PER_S },
    ...{ inFlight: IN_FLIGHT, warmS: WARM_S, seconds, times: [2, 0.5] },
  })
  testbed.say(
    `sustainable: ${whole(open.sustainablePerS)} emits/s; then the load itself took ${short(open.ownCores)} cores`,
  )
  for (const line of bySecond(open.answers)) testbed.say(line)

  await untilIdle(testbed, everyone)
  const lost = await missing(testbed, everyone, open.acknowledged, watch.accepted() - acceptedBefore)
  await watch.close()
  await endAll(platform, receiver.child)
  return rowsOf(open, seconds, lost)
}

async function loaded(testbed: Testbed, load: EmitLoad): Promise<EmitLoadResult> {
  const child = testbed.children.start({ file: new URL('../emit-load.ts', import.meta.url), ipc: true })
  const result = new Promise<EmitLoadResult>((resolve, reject) => {
    child.process.once('message', message => resolve(message as EmitLoadResult))
    void child.exited.then(() => reject(new Error(`the load ended:\n${child.log()}`)))
  })
  child.process.send(load)
  const done = await result
  if (done.failures.length > 0)
    throw new Error(`${done.failures.length} requests had no answer; the first: ${done.failures[0]}`)
  return done
}

const endAll = (platform: PlatformProcess, receiver: { end(): Promise<void> }) =>
  platform.end().then(() => receiver.end())

/**
 * Acknowledged emits that are not in the audit as accepted; and if more are in the audit than the sequence numbers of the logs tell, those too. Every
 * payload is valid, so that nothing is rejected.
 */
async function missing(
  testbed: Testbed,
  organizations: BenchOrganization[],
  acknowledged: string[],
  sequences: number,
): Promise<number> {
  const { clickhouseUrl: url, clock } = testbed
  const analytics = createAnalyticsClient({ url, database: 'clarion', clock, logger: createLogger('silent') })
  const ids = organizations.map(({ id }) => `'${id}'`).join(',')
  const rows = await analytics.query<{ emitId: string }>(
    `SELECT emitId FROM emits WHERE organizationId IN (${ids}) AND verdict = 'accepted' AND channel = 'http'`,
  )
  await analytics.close()
  const recorded = new Set(rows.map(({ emitId }) => emitId))
  const lost = acknowledged.filter(emitId => !recorded.has(emitId)).length
  testbed.say(
    `${whole(acknowledged.length)} acknowledged, ${whole(sequences)} in the logs, ${lost} of the acknowledged not in the audit`,
  )
  return Math.max(lost, acknowledged.length - sequences)
}

const tookMs = ({ sentMs, answeredMs }: Answer) => answeredMs - sentMs

function* bySecond(answers: Answer[]): Generator<string> {
  const last = answers.reduce((latest, { sentMs }) => Math.max(latest, Math.floor(sentMs / 1_000)), 0)
  for (let second = 0; second <= last; second++) {
    const sent = answers.filter(({ sentMs, quiet }) => !quiet && Math.floor(sentMs / 1_000) === second)
    const [taken, refused] = [202, 503].map(wanted => sent.filter(({ status }) => status === wanted)) as [
      Answer[],
      Answer[],
    ]
    const p99 = [taken, refused].map(each => short(percentile(each.map(tookMs), 0.99)))
    const pending = taken.filter(each => each.pending).length
    yield `second ${second}: sent ${sent.length}, 202 ${taken.length} (${pending} pending, p99 ${p99[0]} ms), 503 ${refused.length} (p99 ${p99[1]} ms)`
  }
}

function rowsOf(open: EmitLoadResult, seconds: number, lost: number): Row[] {
  const { sustainablePerS: sustainable, acknowledged } = open
  const isEarly = ({ sentMs }: Answer) => sentMs < seconds * 1_000
  const flood = open.answers.filter(answer => !answer.quiet && isEarly(answer))
  const taken = flood.filter(({ status }) => status === 202)
  const refused = flood.filter(({ status, retryAfter }) => status === 503 && retryAfter)
  const wrong = open.answers.filter(({ status, retryAfter }) => status !== 202 && !(status === 503 && retryAfter))
  if (wrong.length > 0)
    throw new Error(`${wrong.length} answers were neither 202 nor 503 with Retry-After; the first: ${wrong[0]!.status}`)
  const lag = short(percentile(open.lagsMs, 0.99))
  const p50 = percentile(taken.map(tookMs), 0.5)
  const p99 = percentile(taken.map(tookMs), 0.99)
  const perS = taken.length / seconds
  const quiet = open.answers.filter(answer => answer.quiet && isEarly(answer))
  const quietTaken = quiet.filter(({ status }) => status === 202)
  const quietShare = quietTaken.length / quiet.length
  const last = Math.max(0, ...open.answers.filter(({ status }) => status === 503).map(({ sentMs }) => sentMs))
  const recoveryS = Math.max(0, last / 1_000 - seconds)
  const nothing = { baseline: '–', ratio: '–', goal: '–', holds: undefined }
  return [
    {
      ...{
        figure: `overload, ${whole(2 * sustainable)} emits/s (generator late by ${lag} ms, ${short(open.ownCores)} cores): accepted/s`,
        clarion: whole(perS),
      },
      ...{ baseline: `${whole(sustainable)} (closed loop)`, ratio: short(perS / sustainable) },
      ...{ goal: `≥ ${GOALS.share}`, holds: perS >= GOALS.share * sustainable },
    },
    {
      ...nothing,
      figure: '… answered 503 with Retry-After',
      clarion: `${short((100 * refused.length) / flood.length)} %`,
    },
    {
      ...{ ...nothing, figure: '… p50 / p99 of the accepted, ms', clarion: `${whole(p50)} / ${whole(p99)}` },
      ...{ goal: `p99 ≤ ${whole(GOALS.p99Ms)}`, holds: p99 <= GOALS.p99Ms },
    },
    {
      ...{ ...nothing, figure: '… p50 / p99 of the refused, ms' },
      clarion: [0.5, 0.99].map(share => whole(percentile(refused.map(tookMs), share))).join(' / '),
    },
    {
      ...{ ...nothing, figure: `… another organization at ${QUIET_RATE_PER_S}/s: taken, p99 ms` },
      clarion: `${short(100 * quietShare)} %, ${whole(percentile(quietTaken.map(tookMs), 0.99))}`,
      ...{ goal: `≥ ${100 * GOALS.quietShare} %`, holds: quietShare >= GOALS.quietShare },
    },
    {
      ...{ ...nothing, figure: '… from half the sustainable load until the last 503, s', clarion: short(recoveryS) },
      ...{ goal: `≤ ${GOALS.recoveryS}`, holds: recoveryS <= GOALS.recoveryS },
    },
    {
      ...{
        ...nothing,
        figure: '… acknowledged and not in log or audit',
        clarion: `${lost} of ${whole(acknowledged.length)}`,
      },
      ...{ goal: '0', holds: lost === 0 },
    },
  ]
}
