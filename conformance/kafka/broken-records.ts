/** A hundred thousand records of every broken kind: each ends accepted or quarantined with a code, and the books agree. */
import { setTimeout as pause } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { CODES } from '../../src/model/codes.ts'
import { hostileRecords } from '../../test/support/hostile-records.ts'
import type { Organization, RunningPlatform } from './platform.ts'
import type { Check } from './suite.ts'

const COUNT = 100_000
const BATCH = 500
const JUDGED_MS = 300_000
const SEED = Number(process.env.CLARION_CONFORMANCE_SEED ?? 20_261_121)

interface Entry {
  offset: number
  code: string
}

export async function checkBrokenRecords(platform: RunningPlatform, log: (line: string) => void): Promise<Check[]> {
  const [organization, neighbour] = [await platform.organization(), await platform.organization()]
  const records = hostileRecords(COUNT, SEED)
  log(`        broken records: ${COUNT} of them from the seed ${SEED}`)
  await produce(platform, organization, records)
  const beside = await platform.call<{ sequence?: number }>(neighbour.apiKey, 'POST', '/api/v1/events/custom/emit', {
    name: 'platformxe.generic',
    payload: { kind: 'beside' },
  })
  const accepted = await acceptedWhenAllAreJudged(platform, organization)
  const refused = await everyRefusal(platform, organization, COUNT - accepted)
  const offsets = new Set(refused.map(({ offset }) => offset))
  const wrong = records.filter(
    ({ accepted: expected }, offset) => expected !== undefined && offsets.has(offset) === expected,
  ).length
  return [
    { what: 'a neighbour is served meanwhile', passed: beside.data.sequence === 1 },
    {
      what: `each ends once: ${accepted} accepted, ${refused.length} quarantined`,
      passed: offsets.size === refused.length && accepted + refused.length === COUNT,
    },
    { what: 'each refusal has a code of the table', passed: refused.every(({ code }) => code in CODES) },
    { what: 'those that must be accepted are, and no other', passed: wrong === 0 },
  ]
}

async function produce(
  platform: RunningPlatform,
  organization: Organization,
  records: ReturnType<typeof hostileRecords>,
): Promise<void> {
  const { username, password, bootstrapServers, topics } = await platform.credential(organization)
  const sasl = { mechanism: 'scram-sha-512' as const, username, password }
  const producer = new kafkajs.Kafka({
    brokers: bootstrapServers.split(','),
    sasl,
    logLevel: kafkajs.logLevel.NOTHING,
  }).producer({
    idempotent: true,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  for (let at = 0; at < records.length; at += BATCH)
    await producer.send({ topic: topics.emits, messages: records.slice(at, at + BATCH) })
  await producer.disconnect()
}

/** An emit over HTTP comes behind all of them: when it has its verdict, all have theirs. */
async function acceptedWhenAllAreJudged(platform: RunningPlatform, { apiKey }: Organization): Promise<number> {
  const last = { name: 'platformxe.generic', payload: { kind: 'last' }, idempotencyKey: 'last' }
  for (const deadline = performance.now() + JUDGED_MS; ; await pause(500)) {
    const { data } = await platform.call<{ sequence?: number }>(apiKey, 'POST', '/api/v1/events/custom/emit', last)
    if (data.sequence !== undefined) return data.sequence - 1
    if (performance.now() > deadline) throw new Error(`not all were judged within ${JUDGED_MS / 1000} s`)
  }
}

async function everyRefusal(platform: RunningPlatform, { apiKey }: Organization, expected: number): Promise<Entry[]> {
  for (const deadline = performance.now() + JUDGED_MS; ; await pause(2_000)) {
    const entries = await everyPage(platform, apiKey)
    if (entries.length >= expected || performance.now() > deadline) return entries
  }
}

async function everyPage(platform: RunningPlatform, key: string): Promise<Entry[]> {
  const all: Entry[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { data: Entry[]; nextCursor: string | null } = await platform.call<Entry[]>(
      key,
      'GET',
      `/api/v1/events/custom/quarantine?limit=100${cursor && `&cursor=${cursor}`}`,
    )
    all.push(...page.data)
    cursor = page.nextCursor
  }
  return all
}
