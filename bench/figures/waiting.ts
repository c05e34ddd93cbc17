/**
 * Memory of runs that wait: parked in a delay, and queued behind one that holds the only slot. Each was started with 4 KB. The
 * role `run` alone is measured, before they come and when all of them are there; then it is killed, and the time until it is ready
 * again is that of a process with as many runs to restore.
 */
import { rssMb } from '../cpu.ts'
import { makeOrganization } from '../organizations.ts'
import type { HttpClient, PlatformProcess } from '../platform-process.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const ITEMS = 200
const POLL_MS = 200
const PATIENCE_MS = 600_000
/** Idle runs have left their objects by then, and the collector has been through them. */
const SETTLED_MS = 15_000
const RUNS = { parked: 10_000, queued: 100_000 }
const GOALS_MB = { parked: 10, queued: 40 }
const NOTE = (n: number) => `${n} `.padEnd(4_000, 'A parked run takes a fraction of its memory on the shelf. ')

type Way = keyof typeof RUNS

const workflowOf = (way: Way) => ({
  name: way,
  trigger: { kind: 'event', event: way },
  timeoutSeconds: 3_600,
  ...(way === 'parked' ? {} : { concurrency: { limit: 1, overflow: 'queue', whileWaiting: 'hold' } }),
  definition: { language: 1, actions: [{ key: 'wait', type: 'delay', with: { seconds: 86_400 } }] },
})

export async function measureWaiting(testbed: Testbed): Promise<Row[]> {
  const share = Math.min(1, testbed.options.records / 50_000)
  return [
    ...(await measureWay(testbed, 'parked', Math.ceil(RUNS.parked * share))),
    ...(await measureWay(testbed, 'queued', Math.ceil(RUNS.queued * share))),
  ]
}

async function measureWay(testbed: Testbed, way: Way, count: number): Promise<Row[]> {
  const { clock, say } = testbed
  const filling = await testbed.platform('api,admit', `${way}-fill`)
  const organization = await makeOrganization(filling, testbed)
  const client = filling.client(organization.apiKey)
  const { id } = await post<{ id: string }>(client, '/api/v1/workflows', workflowOf(way))
  await post(client, `/api/v1/workflows/${id}/deploy`, {})
  const run = await testbed.platform('run', `${way}-run`)
  await clock.sleep(SETTLED_MS)
  const beforeMb = rssMb(run.child.pid)
  say(`${whole(count)} runs are ${way}`)
  await fill(client, way, count)
  await untilLive(testbed, run, count)
  await clock.sleep(SETTLED_MS)
  const addedMb = rssMb(run.child.pid) - beforeMb
  run.child.process.kill('SIGKILL')
  await run.child.exited
  const again = await testbed.platform('run', `${way}-again`)
  const restoredMs = clock.monotonicMs()
  await untilLive(testbed, again, count)
  const readMs = again.readyMs + clock.monotonicMs() - restoredMs
  await again.end()
  await filling.end()
  const perRun = (addedMb * 1_048_576) / count
  const goalMb = (GOALS_MB[way] * count) / RUNS[way]
  return [
    {
      figure: `${whole(count)} ${way} runs of 4 KB: memory added to the role, MB (bytes a run)`,
      ...{ clarion: `${short(addedMb)} (${whole(perRun)})`, baseline: `${short(beforeMb)} (before)`, ratio: '' },
      ...{ goal: `≤ ${short(goalMb)} MB`, holds: addedMb <= goalMb },
    },
    {
      figure: `… from kill -9 and a new process until all are live, s`,
      ...{
        clarion: short(readMs / 1_000),
        baseline: short(run.readyMs / 1_000),
        ratio: `+${short((readMs - run.readyMs) / 1_000)} s`,
      },
      ...{ goal: way === 'parked' ? '+3 s' : '–', holds: way === 'parked' ? readMs - run.readyMs <= 3_000 : undefined },
    },
  ]
}

async function fill(client: HttpClient, way: Way, count: number): Promise<void> {
  for (let from = 0; from < count; from += ITEMS) {
    const items = Array.from({ length: Math.min(ITEMS, count - from) }, (_, n) => ({
      name: 'platformxe.generic',
      payload: { kind: way, data: { n: from + n, note: NOTE(from + n) } },
    }))
    await post(client, '/api/v1/events/custom/emit/batch', { items })
  }
}

async function post<T>(client: HttpClient, path: string, body: object): Promise<T> {
  const { status, text } = await client.send('POST', path, JSON.stringify(body))
  if (status >= 300) throw new Error(`POST ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}

const LIVE = /^clarion_runs_live\{[^}]*\} (\d+)$/gm

async function untilLive({ clock }: Testbed, { base, adminKey }: PlatformProcess, count: number): Promise<void> {
  const deadlineMs = clock.monotonicMs() + PATIENCE_MS
  for (;;) {
    const answer = await fetch(`${base}/metrics`, { headers: { authorization: `Bearer ${adminKey}` } })
    const live = [...(await answer.text()).matchAll(LIVE)].reduce((sum, [, found]) => sum + Number(found), 0)
    if (live >= count) return
    if (clock.monotonicMs() > deadlineMs) throw new Error(`${live} of ${count} runs are live`)
    await clock.sleep(POLL_MS)
  }
}
