/**
 * The same flow in three steps, called over HTTP and answered at its end, beside systems that run such flows durably: an API
 * route here, DBOS on PostgreSQL, and Restate. Once with steps that compute, once with steps that ask a stub. All of them are there all
 * the time, and take turns.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { watchCpu } from '../cpu.ts'
import { installPeers, type Peer, startDbos, startRestate } from '../durable-peers.ts'
import { closedLoop } from '../loops.ts'
import { median } from '../rates.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { serveRoute } from './routes.ts'

const IN_FLIGHT = 64
const WARM_S = 3
const GOALS = { noop: 10, asking: 2 }
const ORDER = '{"orderId":"ord_1","amount":3}'

const NOOP = {
  language: 1,
  actions: [
    { key: 'one', type: 'set_variable', with: { value: '{{$body.orderId}}' } },
    {
      ...{ key: 'two', type: 'condition' },
      with: { all: [{ path: '$body.amount', operator: 'gte', value: 0 }] },
      // biome-ignore lint/suspicious/noThenProperty: the language's own field
      then: [{ key: 'three', type: 'transform', with: { template: { order: "{{$var['one']}}" } } }],
      else: [],
    },
    { key: 'answer', type: 'respond', with: { body: { order: "{{$var['one']}}" } } },
  ],
}

const askingOf = (url: string) => ({
  language: 1,
  actions: [
    ...['one', 'two', 'three'].map(key => ({
      ...{ key, type: 'http_request' },
      with: { method: 'POST', url, body: { orderId: '{{$body.orderId}}' } },
    })),
    { key: 'answer', type: 'respond', with: { body: { order: '{{$body.orderId}}' } } },
  ],
})

type Flow = keyof typeof GOALS
interface Measured {
  perS: number
  /** Of its processes, for one run. */
  cpuUs: number
}

export async function measureDurable(testbed: Testbed): Promise<Row[]> {
  const installed = installPeers(testbed)
  if (typeof installed === 'string') {
    testbed.say(installed)
    return [{ figure: 'runs beside DBOS and Restate', clarion: installed, ...EMPTY, holds: undefined }]
  }
  const stub = await startStub()
  const platform = await testbed.platform('all')
  const systems: Peer[] = []
  try {
    systems.push({
      name: 'Clarion',
      ...(await served(testbed, platform, stub.url)),
      pids: () => ({ platform: platform.child.pid, ...testbed.pids }),
      close: () => platform.end(),
    })
    systems.push(await startDbos(testbed, installed.directory, stub.url))
    systems.push(await startRestate(testbed, installed.directory, stub.url))
    return [...(await rowsOf(testbed, 'noop', systems)), ...(await rowsOf(testbed, 'asking', systems))]
  } finally {
    for (const system of systems.reverse()) await system.close()
    await stub.close()
  }
}

const EMPTY = { baseline: '', ratio: '', goal: '' }

async function served(testbed: Testbed, platform: Parameters<typeof serveRoute>[1], stubUrl: string) {
  const noop = await serveRoute(testbed, platform, NOOP)
  const asking = await serveRoute(testbed, platform, askingOf(stubUrl))
  return { client: noop.client, noop: noop.path, asking: asking.path }
}

async function rowsOf(testbed: Testbed, flow: Flow, systems: readonly Peer[]): Promise<Row[]> {
  const found = new Map<string, Measured[]>(systems.map(({ name }) => [name, []]))
  for (const system of systems) await run(testbed, system, flow, WARM_S)
  for (let round = 0; round < testbed.options.rounds; round++)
    for (const system of systems) {
      const measured = await run(testbed, system, flow, testbed.options.seconds)
      found.get(system.name)!.push(measured)
      testbed.say(`${flow}, ${system.name}: ${whole(measured.perS)} runs/s, ${whole(measured.cpuUs)} µs of CPU a run`)
    }
  const [own, ...peers] = systems.map(({ name }) => ({ name, ...middle(found.get(name)!) }))
  return peers.map(peer => rowOf(flow, own!, peer))
}

async function run({ clock }: Testbed, { client, pids, ...system }: Peer, flow: Flow, seconds: number) {
  const used = watchCpu(pids())
  const startMs = clock.monotonicMs()
  const perS = await closedLoop(clock, IN_FLIGHT, seconds, async () => {
    const { status, text } = await client.send('POST', system[flow], ORDER)
    if (status !== 200) throw new Error(`${system.name} answered ${status}: ${text.slice(0, 300)}`)
    return 1
  })
  const runs = (perS * (clock.monotonicMs() - startMs)) / 1_000
  return { perS, cpuUs: (used().seconds / runs) * 1e6 }
}

const middle = (all: readonly Measured[]): Measured => ({
  perS: median(all.map(({ perS }) => perS)),
  cpuUs: median(all.map(({ cpuUs }) => cpuUs)),
})

const WHAT: Record<Flow, string> = { noop: 'three steps that compute', asking: 'three HTTP requests' }

function rowOf(flow: Flow, own: Measured, peer: Measured & { name: string }): Row {
  const ratio = own.perS / peer.perS
  return {
    figure: `${WHAT[flow]}, ${IN_FLIGHT} calls under way, beside ${peer.name}: runs/s (CPU of all processes, µs a run)`,
    clarion: `${whole(own.perS)} (${whole(own.cpuUs)})`,
    baseline: `${whole(peer.perS)} (${whole(peer.cpuUs)})`,
    ratio: short(ratio),
    goal: `≥ ${GOALS[flow]}`,
    holds: ratio >= GOALS[flow],
  }
}

async function startStub(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}'))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stub`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
