/**
 * A dry run over a log of an organization, beside a loop that reads the same pages and decodes nothing but batches:
 * events/s, and the memory of the platform's process before and at its highest.
 */
import { eventHeaders } from '../../src/events/log-record.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogPages } from '../../src/kafka/read/log-pages.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { createLogger } from '../../src/logger.ts'
import { emitId, eventId } from '../../src/model/ids.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import { events } from '../../topics/events.ts'
import { rssMb } from '../cpu.ts'
import { createPlatformClient, type PlatformClient } from '../emit-all.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { median } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

/** A million with the default of `--records`. */
const EVENTS_PER_RECORD = 20
const GOAL_PER_S = 100_000
const GROWTH_MB_MAX = 60
const APPENDED_AT_ONCE = 5_000
const POLL_MS = 50
const PAYLOAD = JSON.stringify({ kind: 'k', data: { note: 'x'.repeat(440) } })

export async function measureDryRun(testbed: Testbed): Promise<Row[]> {
  const count = testbed.options.records * EVENTS_PER_RECORD
  const platform = await testbed.platform('api,admit,deliver,record')
  const organization = await createPlatformClient(testbed, platform)
  await organization.webhook('https://hooks.example.com/in')
  await fill(testbed, organization.id, count)
  const topic = events.nameFor(organization.id, 'live')
  const rounds: Array<{ perS: number; baseline: number; grownMb: number }> = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    const baseline = await readAll(testbed, topic, count)
    rounds.push({ baseline, ...(await dryRun(testbed, platform, organization, count)) })
  }
  await platform.end()
  const perS = median(rounds.map(each => each.perS))
  const grownMb = Math.max(...rounds.map(each => each.grownMb))
  return [
    {
      figure: `a dry run over ${whole(count)} events, events/s`,
      clarion: whole(perS),
      baseline: `${whole(median(rounds.map(each => each.baseline)))} (the pages alone)`,
      ratio: short(median(rounds.map(each => each.perS / each.baseline))),
      goal: `≥ ${whole(GOAL_PER_S)}/s`,
      holds: perS >= GOAL_PER_S,
    },
    {
      figure: '… memory of the process, MB more than before',
      clarion: whole(grownMb),
      baseline: '–',
      ratio: '–',
      goal: `≤ ${GROWTH_MB_MAX}`,
      holds: grownMb <= GROWTH_MB_MAX,
    },
  ]
}

async function dryRun(testbed: Testbed, platform: PlatformProcess, { client }: PlatformClient, count: number) {
  const pid = platform.child.pid
  const beforeMb = rssMb(pid)
  let highestMb = beforeMb
  const body = {
    source: { from: new Date(testbed.clock.nowMs() - 3_600_000).toISOString() },
    target: { kind: 'original' },
    options: { dryRun: true },
  }
  const startedAtMs = testbed.clock.monotonicMs()
  const made = await client.send('POST', '/api/v1/replays', JSON.stringify(body))
  if (made.status !== 202) throw new Error(`the dry run was not taken: ${made.status} ${made.text.slice(0, 300)}`)
  const { id } = (JSON.parse(made.text) as { data: { id: string } }).data
  for (;;) {
    await testbed.clock.sleep(POLL_MS)
    highestMb = Math.max(highestMb, rssMb(pid))
    const { text } = await client.send('GET', `/api/v1/replays/${id}`)
    const { state, progress } = (JSON.parse(text) as { data: { state: string; progress: { matched: number } } }).data
    if (state === 'running') continue
    if (state !== 'completed' || progress.matched !== count)
      throw new Error(`the dry run is ${state}, and counted ${progress.matched} of ${count}`)
    const perS = (count * 1_000) / (testbed.clock.monotonicMs() - startedAtMs)
    testbed.say(`dry-run: ${whole(perS)} events/s, ${whole(highestMb - beforeMb)} MB more`)
    return { perS, grownMb: highestMb - beforeMb }
  }
}

/** Reads the log page by page, as a dry run does, without looking at its records. */
async function readAll({ kafka, clock }: Testbed, topic: string, count: number): Promise<number> {
  const wire = await openWire(kafka, createLogger('silent'))
  const pages = createLogPages({ wire, clock })
  const startedAtMs = clock.monotonicMs()
  let read = 0
  for (let offset = 0; read < count; ) {
    const page = await pages.read(topic, 0, offset, 256 * 1024)
    if (page.nextOffset === offset) throw new Error(`the log of the dry run ends at ${offset}`)
    read += page.records.length
    offset = page.nextOffset
  }
  const perS = (count * 1_000) / (clock.monotonicMs() - startedAtMs)
  await wire.close()
  return perS
}

async function fill({ kafka, clock, say }: Testbed, organizationId: string, count: number): Promise<void> {
  const appender = createAppender({ kafka, clock, logger: createLogger('silent'), persistMs: 10_000 })
  const topic = events.nameFor(organizationId, 'live')
  say(`dry-run: filling a log with ${whole(count)} events`)
  for (let from = 1; from <= count; from += APPENDED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(APPENDED_AT_ONCE, count - from + 1) }, (_, at) => from + at)
    const nowMs = clock.nowMs()
    await Promise.all(
      numbers.map(sequence => {
        const headers = eventHeaders(eventOf(organizationId, sequence, nowMs), [])
        return appender.append({ topic, partition: 0, key: null, value: PAYLOAD, headers })
      }),
    )
  }
  await appender.close()
}

function eventOf(organizationId: string, sequence: number, nowMs: number): EventFacts {
  const place = { timestampMs: nowMs, partition: 0, offset: sequence, organizationId } as const
  const at = { ...place, environment: 'live', kind: 'emits' } as const
  return {
    ...{ eventId: eventId(at), emitId: emitId(at), organizationId, environment: 'live', sequence },
    ...{ type: 'platformxe.generic', canonicalName: `TENANT_CUSTOM:${organizationId}:platformxe.generic@1.0.0` },
    ...{ kind: 'k', source: 'api', subject: `s${sequence % 1_000}`, actorId: 'key_bench', timeMs: nowMs },
    ...{ recordedAtMs: nowMs, schemaVersion: '1.0.0', schemaHash: 'ab'.repeat(32), correlationId: null },
    ...{ causationId: null, traceparent: null, rootEventId: eventId(at), depth: 0, path: [], federation: null },
  }
}
