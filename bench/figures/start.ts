/**
 * From `npm start`'s program to `/ready` on data that is there: organizations, registrations, held idempotency keys, and the data that the other figures
 * of the run left. Beside it the broker alone on the same data.
 */

import { startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { orderJson } from '../order.ts'
import { makeOrganization } from '../organizations.ts'
import { type PlatformProcess, startPlatform } from '../platform-process.ts'
import { median } from '../rates.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const ORGANIZATIONS = 20
const BATCHES_EACH = 5
const ITEMS = 1_000
const GOAL_S = 15
const BROKER_HEAP_MB = 1024

export async function measureStart(testbed: Testbed): Promise<Row[]> {
  await testbed.stopParts()
  const first = await start(testbed)
  await fill(testbed, first)
  await first.end()

  const [broker, clean, killed]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round < testbed.options.rounds; round++) {
    broker.push(await brokerStartS(testbed))
    const platform = await start(testbed)
    clean.push(platform.readyMs / 1_000)
    testbed.say(`ready after ${short(platform.readyMs / 1_000)} s; the broker alone ${short(broker.at(-1)!)} s`)
    platform.child.process.kill('SIGKILL')
    await platform.child.exited
    const again = await start(testbed)
    killed.push(again.readyMs / 1_000)
    testbed.say(`after kill -9: ready after ${short(again.readyMs / 1_000)} s`)
    await again.end()
  }
  return [rowOf('start → /ready with data, s', clean, broker), rowOf('the same after `kill -9`, s', killed, broker)]
}

/** Everything in one command, broker and ClickHouse included, as it is started by default. */
function start({ children, clock, dataDir, options }: Testbed): Promise<PlatformProcess> {
  return startPlatform({
    children,
    clock,
    dataDir,
    roles: 'all',
    name: 'start',
    env: {},
    profileDir: options.profileDir,
  })
}

async function fill(testbed: Testbed, platform: PlatformProcess): Promise<void> {
  testbed.say(`filling: ${ORGANIZATIONS} organizations with ${BATCHES_EACH * ITEMS} idempotency keys each`)
  for (let number = 0; number < ORGANIZATIONS; number++) {
    const { apiKey, event } = await makeOrganization(platform, testbed)
    const client = platform.client(apiKey)
    for (let batch = 0; batch < BATCHES_EACH; batch++) {
      const item = (n: number) => `{"name":"${event}","idempotencyKey":"${batch}-${n}","payload":${orderJson(n)}}`
      const body = `{"items":[${Array.from({ length: ITEMS }, (_, n) => item(n)).join(',')}]}`
      const { status, text } = await client.send('POST', '/api/v1/events/custom/emit/batch', body)
      if (status !== 200) throw new Error(`a batch was answered ${status}: ${text.slice(0, 300)}`)
    }
  }
}

async function brokerStartS({ clock, dataDir, say }: Testbed): Promise<number> {
  const startedAtMs = clock.monotonicMs()
  const broker = await startEmbeddedKafka({
    dataDir,
    cacheDir: cacheDirectory(),
    heapMb: BROKER_HEAP_MB,
    profile: 'default',
    logger: { info: () => undefined, warn: say },
  })
  const seconds = (clock.monotonicMs() - startedAtMs) / 1_000
  await broker.close()
  return seconds
}

function rowOf(figure: string, seconds: number[], broker: number[]): Row {
  const clarion = median(seconds)
  const baseline = median(broker)
  return {
    figure,
    clarion: short(clarion),
    baseline: `${short(baseline)} (broker alone)`,
    ratio: short(clarion / baseline),
    goal: `< ${GOAL_S} s`,
    holds: clarion < GOAL_S,
  }
}
