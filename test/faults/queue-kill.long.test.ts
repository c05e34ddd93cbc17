/**
 * Queues under `kill -9` of their owner, and with a second one that takes over: consumers go on meanwhile. What was
 * acked never comes again, nothing is out twice, and in the end everything was settled.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { endParts } from '../support/run-directory.ts'

const EVENTS = 600
const CONSUMERS = 4
const KILLS = 3
const LEASE_S = 12
const DEADLINE_MS = 150_000

let platform: TestPlatform
let owners: TestPlatform[] = []
beforeAll(async () => {
  // Broker and ClickHouse stay behind when the whole platform is killed.
  const whole = await startPlatform()
  await whole.kill()
  platform = await startPlatform({ dataDir: whole.dataDir, roles: 'api,admit,record' })
}, 180_000)
afterAll(async () => {
  for (const owner of owners) await owner.stop().catch(() => undefined)
  await platform?.stop()
  await endParts(platform.dataDir)
}, 60_000)

const owner = () => startPlatform({ dataDir: platform.dataDir, roles: 'queue' })

interface Message {
  id: string
  receipt: string
  data: { data: { n: number } }
}

/** What the consumers have seen; times are monotonic. */
interface Seen {
  acked: Set<string>
  /** Since before the receive was sent, until its lease is over at the earliest. */
  leased: Map<string, number>
  left: Set<string>
  faults: string[]
  failedCalls: number
}

async function consume(organization: TestOrganization, at: string, seen: Seen, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { status, data } = await organization.call<{ messages: Message[] }>('POST', `${at}/receive`, {
      ...{ max: 10, waitSeconds: 2, visibilityTimeoutSeconds: LEASE_S },
    })
    if (status !== 200) {
      seen.failedCalls++
      await pause(100)
      continue
    }
    const nowMs = performance.now()
    for (const { id } of data.messages) {
      if (seen.acked.has(id)) seen.faults.push(`${id} came again after its ack`)
      if ((seen.leased.get(id) ?? 0) > nowMs) seen.faults.push(`${id} is out twice`)
      // The lease began with the receive, which took two seconds at most beside the way here.
      seen.leased.set(id, nowMs + (LEASE_S - 4) * 1_000)
    }
    // Some are left to their leases, once.
    const settled = data.messages.filter(each => each.data.data.n % 7 !== 0 || seen.left.has(each.id))
    for (const { id } of data.messages) seen.left.add(id)
    if (settled.length === 0) continue
    const receipts = settled.map(({ receipt }) => receipt)
    const answer = await organization.call<{ results: Array<{ status: string }> }>('POST', `${at}/ack`, { receipts })
    if (answer.status === 409) continue
    if (answer.status !== 200) {
      seen.failedCalls++
      continue
    }
    for (const [index, { status: result }] of answer.data.results.entries())
      if (result === 'acked' || result === 'already_settled') seen.acked.add(settled[index]!.id)
  }
}

it('loses nothing, leases nothing twice, and hands out nothing again that was acked', async () => {
  owners = [await owner()]
  const organization = await platform.organization()
  const made = await organization.call<{ id: string }>('POST', '/api/v1/queues', {
    ...{ name: 'jobs', selectors: ['platformxe.generic'], maxReceives: 1_000 },
  })
  const at = `/api/v1/queues/${made.data.id}`
  const emitted = new Set<string>()
  const emitting = (async () => {
    for (let n = 1; n <= EVENTS; n++) {
      const { data } = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
        ...{ name: 'platformxe.generic', payload: { kind: 'job', data: { n } } },
      })
      emitted.add(data.eventId)
    }
  })()
  const seen: Seen = { acked: new Set(), leased: new Map(), left: new Set(), faults: [], failedCalls: 0 }
  const deadline = performance.now() + DEADLINE_MS
  const isOver = () => (emitted.size === EVENTS && seen.acked.size === EVENTS) || performance.now() > deadline
  const consuming = Array.from({ length: CONSUMERS }, () => consume(organization, at, seen, isOver))
  for (let kill = 0; kill < KILLS; kill++) {
    while (seen.acked.size < ((kill + 1) * EVENTS) / (KILLS + 2) && !isOver()) await pause(50)
    const killed = owners.shift()!
    // The last time another one is there already, and takes over.
    if (kill === KILLS - 1) owners.push(await owner())
    await killed.kill()
    if (owners.length === 0) owners.push(await owner())
  }
  await emitting
  await Promise.all(consuming)
  expect(seen.faults).toEqual([])
  expect([...emitted].filter(id => !seen.acked.has(id))).toEqual([])
  const { data } = await organization.call<{ ready: number; inFlight: number; acked: number }>('GET', `${at}/stats`)
  expect(data).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, dead: 0, acked: EVENTS, approximate: false })
}, 240_000)
