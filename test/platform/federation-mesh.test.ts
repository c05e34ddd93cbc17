/**
 * Twenty organizations that share with each other in a ring and in a full mesh, while an admit process is killed: every accepted peer has each
 * event exactly once in its log, none is missing, and none is there that it should not have. `FEDERATION_EMITS` sets how many are emitted.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { readLog } from '../support/ledger.ts'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'

const ORGANIZATIONS = 20
const EMITS = Number(process.env.FEDERATION_EMITS ?? 400)
/** Of each organization: one event in eight goes round the mesh, which makes nineteen of it. */
const PER_ORGANIZATION = EMITS / ORGANIZATIONS
const MESH_EVERY = 8
const BATCH = 10

const GROUPS = '/api/v1/events/custom/federation/groups'
const clock = createSystemClock()

let platform: TestPlatform
let second: TestPlatform
beforeAll(async () => {
  platform = await startPlatform()
  second = await startPlatform({ dataDir: platform.dataDir, roles: 'admit' })
}, 180_000)
afterAll(async () => {
  await second?.stop().catch(() => undefined)
  await platform?.stop()
}, 90_000)

async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

async function publish(org: TestOrganization, name: string): Promise<string> {
  const body = { namespace: org.slug, name, version: '1.0.0', payloadSchema: { type: 'object' }, status: 'published' }
  return (await must(org.call<{ id: string }>('POST', '/api/v1/events/custom', body))).id
}

async function share(
  owner: TestOrganization,
  name: string,
  peers: TestOrganization[],
  registrations: string[],
): Promise<string> {
  const { id } = await must(owner.call<{ id: string }>('POST', GROUPS, { name }))
  for (const registrationId of registrations)
    await must(owner.call('POST', `${GROUPS}/${id}/pushes`, { registrationId }))
  await Promise.all(
    peers.map(async peer => {
      await must(owner.call('POST', `${GROUPS}/${id}/invite`, { memberOrganizationId: peer.org.id }))
      await must(peer.call('POST', `${GROUPS}/${id}/accept`))
    }),
  )
  return id
}

interface Emitted {
  from: number
  n: number
  shared: 'ring' | 'mesh'
}
const emittedBy = (from: number): Emitted[] =>
  Array.from({ length: PER_ORGANIZATION }, (_, n) => ({ from, n, shared: n % MESH_EVERY === 0 ? 'mesh' : 'ring' }))
const itemOf = (org: TestOrganization, emitted: Emitted) => ({
  ...{ name: `${org.slug}.${emitted.shared}.made`, payload: emitted, subject: `s${emitted.n % 3}` },
  idempotencyKey: `n${emitted.n}`,
})

/** Emits all, in order; a batch that was not answered well is sent again, its keys making that harmless. */
async function emitAll(org: TestOrganization, from: number, onProgress: () => void): Promise<void> {
  const all = emittedBy(from)
  for (let at = 0; at < all.length; at += BATCH) {
    const items = all.slice(at, at + BATCH).map(each => itemOf(org, each))
    for (let done = false; !done; ) {
      const answer = await org.call<{ results: Array<{ status: number; verdict?: string }> }>(
        'POST',
        '/api/v1/events/custom/emit/batch',
        {
          items,
        },
      )
      done =
        answer.status === 200 && answer.data.results.every(each => each.status === 202 && each.verdict !== 'pending')
    }
    onProgress()
  }
}

const name = ({ from, n, shared }: Emitted) => `${from}/${shared}/${n}`

it(`${EMITS} emits among ${ORGANIZATIONS} organizations in a ring and a mesh arrive at each peer exactly once, though admit is killed`, async () => {
  const organizations = await Promise.all(Array.from({ length: ORGANIZATIONS }, () => platform.organization()))
  const groups = await Promise.all(
    organizations.map(async (owner, index) => {
      const [ring, mesh] = await Promise.all([publish(owner, 'ring.made'), publish(owner, 'mesh.made')])
      const next = organizations[(index + 1) % ORGANIZATIONS]!
      // The neighbour is in the ring and in the mesh: what goes round the mesh reaches it by both groups, and counts once.
      const inRing = await share(owner, 'Ring', [next], [ring!, mesh!])
      const others = organizations.filter(each => each !== owner)
      return { inRing, inMesh: await share(owner, 'Mesh', others, [mesh!]) }
    }),
  )
  const batches = ORGANIZATIONS * Math.ceil(PER_ORGANIZATION / BATCH)
  let progress = 0
  let killed = false
  await Promise.all(
    organizations.map((org, index) =>
      emitAll(org, index, () => {
        progress += 1
        if (killed || progress < batches / 3) return
        killed = true
        void second.kill()
      }),
    ),
  )
  expect(killed).toBe(true)

  for (const [index, org] of organizations.entries()) {
    const before = (index + ORGANIZATIONS - 1) % ORGANIZATIONS
    const expected = [
      ...emittedBy(index),
      ...emittedBy(before).filter(each => each.shared === 'ring'),
      ...organizations.flatMap((_, from) =>
        from === index ? [] : emittedBy(from).filter(each => each.shared === 'mesh'),
      ),
    ]
    const log = await logOf(org, expected.length)
    const found = log.map(record => JSON.parse(record.value!.toString()) as Emitted)
    expect(found.map(name).sort()).toEqual(expected.map(name).sort())
    expect(log.map(record => Number(record.headers.sequence))).toEqual(log.map((_, at) => at + 1))
    // In the order of its source, for each subject.
    for (let from = 0; from < ORGANIZATIONS; from++)
      for (let subject = 0; subject < 3; subject++) {
        const numbers = found.filter(each => each.from === from && each.n % 3 === subject).map(each => each.n)
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      }
    const foreign = log.filter(record => record.headers.federation !== undefined)
    expect(foreign.every(record => JSON.parse(record.headers.federation!.toString()).path.length === 1)).toBe(true)
    expect(foreign).toHaveLength(expected.length - PER_ORGANIZATION)
  }

  // The relay log of one owner agrees, to the unit.
  const [owner, { inRing, inMesh }] = [organizations[0]!, groups[0]!]
  const meshed = emittedBy(0).filter(each => each.shared === 'mesh').length
  expect(await countRelays(owner, inRing, PER_ORGANIZATION)).toEqual({ relayed: PER_ORGANIZATION })
  expect(await countRelays(owner, inMesh, 19 * meshed)).toEqual({ relayed: 18 * meshed, duplicate: meshed })
  const { meters } = await must(owner.call<{ meters: Record<string, number> }>('GET', '/api/v1/usage/summary'))
  expect([meters.emits, meters.federation_relays]).toEqual([PER_ORGANIZATION, PER_ORGANIZATION + 18 * meshed])
}, 300_000)

/** The log, once nothing more is expected of it; one record more would show as well, since relays of all come in between. */
async function logOf(org: TestOrganization, count: number) {
  for (let tries = 0; tries < patient(600); tries++) {
    const log = await readLog(platform, org)
    if (log.length >= count) return log
    await clock.sleep(100)
  }
  return readLog(platform, org)
}

/** How many relays of a group ended how, once all that are expected have ended. */
async function countRelays(owner: TestOrganization, group: string, expected: number): Promise<Record<string, number>> {
  let counts: Record<string, number> = {}
  for (let tries = 0; tries < patient(200); tries++) {
    counts = {}
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const page: { status: number; body: unknown } = await owner.call(
        'GET',
        `${GROUPS}/${group}/relays?limit=100${query}`,
      )
      const { data, meta } = page.body as {
        data: Array<{ status: string; skipReason: string | null }>
        meta: { nextCursor: string | null }
      }
      for (const { status, skipReason } of data) {
        const outcome = skipReason ?? status
        counts[outcome] = (counts[outcome] ?? 0) + 1
      }
      cursor = meta.nextCursor
    } while (cursor !== null)
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
    if (total >= expected && counts.queued === undefined) return counts
    await clock.sleep(100)
  }
  return counts
}
