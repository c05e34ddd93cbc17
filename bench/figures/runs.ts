/**
 * Runs of three steps that do nothing, beside the raw pass-through: the role `run` alone, from a backlog, with the CPU that it
 * takes for one; and everything in one process, from the emit to the end in the history.
 */
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { createLogger } from '../../src/logger.ts'
import { watchCpu } from '../cpu.ts'
import { orderJson } from '../order.ts'
import { type BenchOrganization, spreadOrganizations } from '../organizations.ts'
import { passThroughRate } from '../pass-through.ts'
import type { HttpClient, PlatformProcess } from '../platform-process.ts'
import { type Sample, steadyRate } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const ORGANIZATIONS = 4
const ITEMS = 1_000
/** The share of the runs that come before the CPU is counted. */
const WARM = 0.1
const POLL_MS = 100
const PATIENCE_MS = 600_000
const GOALS = { backlogPerS: 15_000, cpuUs: 25, wholePerS: 4_000 }

const DEFINITION = {
  language: 1,
  actions: [
    { key: 'one', type: 'set_variable', with: { value: '{{$param.orderId}}' } },
    {
      ...{ key: 'two', type: 'condition' },
      with: { all: [{ path: '$param.amount', operator: 'gte', value: 0 }] },
      // biome-ignore lint/suspicious/noThenProperty: the language's own field
      then: [{ key: 'three', type: 'transform', with: { template: { order: "{{$var['one']}}" } } }],
      else: [],
    },
  ],
}

export async function measureRuns(testbed: Testbed): Promise<Row[]> {
  const baseline = await passThroughRate(testbed)
  return [...(await fromBacklog(testbed, baseline)), await throughAll(testbed, baseline)]
}

async function fromBacklog(testbed: Testbed, baseline: number): Promise<Row[]> {
  const organizations = await spreadOrganizations(testbed, ORGANIZATIONS)
  const filling = await testbed.platform('api,admit', 'runs-fill')
  await listen(filling, organizations)
  const count = await fill(testbed, filling, organizations)
  await filling.end()
  testbed.say(`${whole(count)} starts are in the log`)
  const run = await testbed.platform('run', 'runs-run')
  const samples: Sample[] = [{ atMs: 0, total: 0 }]
  const startedAtMs = testbed.clock.monotonicMs()
  // The process has read its code and its state by then.
  await untilEnded(testbed, run, { samples, startedAtMs, count: WARM * count })
  const used = watchCpu({ run: run.child.process.pid! })
  const ended = await endedIn(run)
  await untilEnded(testbed, run, { samples, startedAtMs, count })
  const cpuUs = (used().seconds / Math.max(1, count - ended)) * 1e6
  await run.end()
  const rate = steadyRate(samples, count)
  return [
    {
      figure: 'runs of three steps from a backlog, role run alone, runs/s',
      ...{ clarion: whole(rate), baseline: whole(baseline), ratio: short(rate / baseline) },
      ...{ goal: `≥ ${whole(GOALS.backlogPerS)}/s`, holds: rate >= GOALS.backlogPerS },
    },
    {
      figure: '… CPU of the role for one, µs',
      ...{ clarion: whole(cpuUs), baseline: '', ratio: '' },
      ...{ goal: `≤ ${GOALS.cpuUs} µs`, holds: cpuUs <= GOALS.cpuUs },
    },
  ]
}

/** Filled first, so that emits do not bound it; then until the last end is in the history. */
async function throughAll(testbed: Testbed, baseline: number): Promise<Row> {
  const organizations = await spreadOrganizations(testbed, ORGANIZATIONS)
  const platform = await testbed.platform('all', 'runs-all')
  const workflows = await listen(platform, organizations)
  const startedAtMs = testbed.clock.monotonicMs()
  const samples: Sample[] = [{ atMs: 0, total: 0 }]
  const filled = fill(testbed, platform, organizations)
  let count = Number.POSITIVE_INFINITY
  void filled.then(filledCount => (count = filledCount))
  while (samples.at(-1)!.total < count) {
    await testbed.clock.sleep(POLL_MS)
    const atMs = testbed.clock.monotonicMs() - startedAtMs
    samples.push({ atMs, total: await endsInHistory(testbed, workflows) })
    if (atMs > PATIENCE_MS) throw new Error(`${samples.at(-1)!.total} of ${count} runs are in the history`)
  }
  await filled
  await platform.end()
  const rate = steadyRate(samples, count)
  return {
    figure: 'emits to ends of runs in the history, one process, runs/s',
    ...{ clarion: whole(rate), baseline: whole(baseline), ratio: short(rate / baseline) },
    ...{ goal: `≥ ${whole(GOALS.wholePerS)}/s`, holds: rate >= GOALS.wholePerS },
  }
}

/** A workflow for the order of each. */
async function listen(platform: PlatformProcess, organizations: readonly BenchOrganization[]): Promise<string[]> {
  const ids: string[] = []
  for (const { apiKey, event } of organizations) {
    const client = platform.client(apiKey)
    const body = { name: 'bench', trigger: { kind: 'event', event }, definition: DEFINITION }
    const { id } = await post<{ id: string }>(client, '/api/v1/workflows', body)
    await post(client, `/api/v1/workflows/${id}/deploy`, {})
    ids.push(id)
  }
  return ids
}

async function post<T>(client: HttpClient, path: string, body: object): Promise<T> {
  const { status, text } = await client.send('POST', path, JSON.stringify(body))
  if (status >= 300) throw new Error(`POST ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}

/** Answers how many were accepted. */
async function fill(testbed: Testbed, platform: PlatformProcess, organizations: readonly BenchOrganization[]) {
  const batches = Math.ceil(testbed.options.records / ITEMS)
  const sends = organizations.map(async ({ apiKey, event }) => {
    const client = platform.client(apiKey)
    const items = Array.from({ length: ITEMS }, (_, n) => `{"name":"${event}","payload":${orderJson(n)}}`)
    const body = `{"items":[${items.join(',')}]}`
    for (let batch = 0; batch < batches; batch++) {
      const { status, text } = await client.send('POST', '/api/v1/events/custom/emit/batch', body)
      if (status !== 200) throw new Error(`a batch was answered ${status}: ${text.slice(0, 300)}`)
    }
  })
  await Promise.all(sends)
  return batches * ITEMS * organizations.length
}

/** Adds to the samples. */
async function untilEnded(
  testbed: Testbed,
  run: PlatformProcess,
  { samples, startedAtMs, count }: { samples: Sample[]; startedAtMs: number; count: number },
): Promise<void> {
  while (samples.at(-1)!.total < count) {
    await testbed.clock.sleep(POLL_MS)
    const atMs = testbed.clock.monotonicMs() - startedAtMs
    samples.push({ atMs, total: await endedIn(run) })
    if (atMs > PATIENCE_MS) throw new Error(`${samples.at(-1)!.total} of ${count} runs have ended`)
  }
}

const ENDED = /^clarion_runs_ended_total\{[^}]*\} (\d+)$/gm

async function endedIn({ base, adminKey }: PlatformProcess): Promise<number> {
  const answer = await fetch(`${base}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } })
  return [...(await answer.text()).matchAll(ENDED)].reduce((sum, [, count]) => sum + Number(count), 0)
}

async function endsInHistory({ clickhouseUrl: url, clock }: Testbed, workflows: string[]): Promise<number> {
  const analytics = createAnalyticsClient({ url, database: 'clarion', clock, logger: createLogger('silent') })
  const [counted] = await analytics.query<{ ends: string }>(ENDS, { workflows })
  await analytics.close()
  return Number(counted?.ends)
}

const ENDS = 'SELECT count() AS ends FROM runs WHERE step = 1 AND workflowId IN {workflows:Array(String)}'
