/**
 * One organization whose events go to twenty others, no webhook: how many relayed events a second arrive, beside the plain admission of as
 * many events of those twenty in the same run. A relay is admitted at its peer like an emit, but written once more on the way there.
 */
import { watchParts } from '../cpu.ts'
import { type BenchOrganization, makeOrganization } from '../organizations.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { produceOrders } from '../produce-orders.ts'
import { median, type Sample, steadyRate } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { type Watch, watchAdmission } from '../watch-admission.ts'

const GOAL = 0.5
const PEERS = 20
/** Of the records that `--records` sets for other figures: each becomes twenty. */
const SHARE = 0.2
const SAMPLE_MS = 20
const LIMIT_MS = 300_000

interface Federation {
  source: BenchOrganization
  peers: BenchOrganization[]
}

export async function measureFederation(testbed: Testbed): Promise<Row[]> {
  const { source, peers } = await federate(testbed)
  const watch = await watchAdmission(testbed, peers)
  const records = Math.ceil(testbed.options.records * SHARE)
  const pairs: Array<{ plain: number; relayed: number }> = []
  try {
    for (let round = 0; round < testbed.options.rounds; round++) {
      const plain = await admissionRate(testbed, watch, 'plain admission', peers, records, PEERS * records)
      const relayed = await admissionRate(testbed, watch, `fan-out to ${PEERS}`, [source], records, PEERS * records)
      pairs.push({ plain, relayed })
    }
  } finally {
    await watch.close()
  }
  const ratio = median(pairs.map(({ plain, relayed }) => relayed / plain))
  return [
    {
      figure: `relayed events/s, one organization to ${PEERS} peers`,
      clarion: whole(median(pairs.map(pair => pair.relayed))),
      baseline: `${whole(median(pairs.map(pair => pair.plain)))} (plain admission)`,
      ratio: short(ratio),
      goal: `≥ ${GOAL}`,
      holds: ratio >= GOAL,
    },
  ]
}

/** Fills the ingress of `from` first and then starts `admit`; answers how many events a second the peers' logs got. */
async function admissionRate(
  testbed: Testbed,
  watch: Watch,
  what: string,
  from: BenchOrganization[],
  records: number,
  expected: number,
): Promise<number> {
  const { clock } = testbed
  await produceOrders(
    testbed,
    from.map(({ topic, event }) => ({ topic, partition: 0, event })),
    records,
  )
  const before = watch.accepted()
  const cpu = watchParts(testbed.pids)
  const admit = await testbed.platform('admit')
  const samples: Sample[] = [{ atMs: clock.monotonicMs(), total: 0 }]
  const deadline = clock.monotonicMs() + LIMIT_MS
  while (watch.accepted() - before < expected) {
    if (clock.monotonicMs() > deadline || !admit.child.running())
      throw new Error(`of ${expected} events ${watch.accepted() - before} arrived:\n${admit.child.log()}`)
    await clock.sleep(SAMPLE_MS)
    const total = watch.accepted() - before
    if (total > samples.at(-1)!.total) samples.push({ atMs: clock.monotonicMs(), total })
  }
  const rate = steadyRate(samples, expected)
  testbed.say(`${what}: ${whole(rate)} events/s; ${cpu(expected, { admit: admit.child.pid })}`)
  await admit.end()
  if (watch.accepted() - before !== expected)
    throw new Error(`of ${expected} events ${watch.accepted() - before} arrived`)
  return rate
}

/** A source with its order pushed to a group, and twenty that have accepted. */
async function federate(testbed: Testbed): Promise<Federation> {
  testbed.say(`making a group of ${PEERS} peers`)
  const api = await testbed.platform('api')
  const source = await makeOrganization(api, testbed)
  const base = '/api/v1/events/custom'
  const { id: group } = await ask<{ id: string }>(api, source, 'POST', `${base}/federation/groups`, { name: 'Bench' })
  const [registration] = (await ask<Array<{ id: string; namespace: string }>>(api, source, 'GET', base)).filter(
    each => each.namespace !== 'platformxe',
  )
  await ask(api, source, 'POST', `${base}/federation/groups/${group}/pushes`, { registrationId: registration!.id })
  const peers: BenchOrganization[] = []
  for (let n = 0; n < PEERS; n++) {
    const peer = await makeOrganization(api, testbed)
    await ask(api, source, 'POST', `${base}/federation/groups/${group}/invite`, { memberOrganizationId: peer.id })
    await ask(api, peer, 'POST', `${base}/federation/groups/${group}/accept`, {})
    peers.push(peer)
  }
  await api.end()
  return { source, peers }
}

async function ask<T>(
  api: PlatformProcess,
  who: BenchOrganization,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<T> {
  const client = api.client(who.apiKey)
  const { status, text } = await client.send(method, path, body && JSON.stringify(body))
  if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}
