/**
 * What many organizations cost: each has two topics of its own. A start to `/ready` with all of them there, beside the broker alone on the same
 * data, and making one more, beside making the first ones.
 */
import { startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { type HttpClient, type PlatformProcess, startPlatform } from '../platform-process.ts'
import { median } from '../rates.ts'
import type { Stand } from '../stand.ts'
import { type Row, short } from '../table.ts'

/** With `--records` at its full number; as many fewer as the records are. */
const ORGANIZATIONS = 5_000
const FULL_RECORDS = 50_000
const AT_A_TIME = 16
const ONE_MORE = 20
const BROKER_HEAP_MB = 1024
const TOLD_EVERY = 1_000

export async function measureOrganizations(stand: Stand): Promise<Row[]> {
  await stand.stopParts()
  const count = Math.max(100, Math.round((ORGANIZATIONS * stand.options.records) / FULL_RECORDS))
  const platform = await start(stand)
  const operator = platform.client(platform.adminKey)
  const first = await makeOneByOne(stand, operator)
  await makeMany(stand, operator, count)
  const oneMore = await makeOneByOne(stand, operator)
  await platform.end()

  const [broker, ready]: [number[], number[]] = [[], []]
  for (let round = 0; round < stand.options.rounds; round++) {
    broker.push(await brokerStartS(stand))
    const again = await start(stand)
    ready.push(again.readyMs / 1_000)
    stand.say(`ready after ${short(ready.at(-1)!)} s; the broker alone ${short(broker.at(-1)!)} s`)
    await again.end()
  }
  return [
    rowOf(`start → /ready with ${count} organizations, s`, median(ready), median(broker), 'broker alone'),
    rowOf(`one more beside ${count} organizations, ms`, oneMore, first, 'beside none'),
  ]
}

function start({ children, clock, dataDir, options }: Stand): Promise<PlatformProcess> {
  return startPlatform({ children, clock, dataDir, roles: 'all', name: 'organizations', env: {}, profileDir: options.profileDir })
}

async function makeOne(stand: Stand, operator: HttpClient): Promise<void> {
  const slug = `m${stand.random.bytes(6).toString('hex')}`
  const { status, text } = await operator.send('POST', '/api/v1/organizations', `{"name":"${slug}","slug":"${slug}","plan":"PRO"}`)
  if (status !== 201) throw new Error(`an organization was not made: ${status} ${text.slice(0, 300)}`)
}

/** Median, ms. */
async function makeOneByOne(stand: Stand, operator: HttpClient): Promise<number> {
  const took: number[] = []
  for (let number = 0; number < ONE_MORE; number++) {
    const startedAtMs = stand.clock.monotonicMs()
    await makeOne(stand, operator)
    took.push(stand.clock.monotonicMs() - startedAtMs)
  }
  return median(took)
}

async function makeMany(stand: Stand, operator: HttpClient, count: number): Promise<void> {
  let made = 0
  const makeSome = async () => {
    while (made < count) {
      if (++made % TOLD_EVERY === 0) stand.say(`${made} organizations`)
      await makeOne(stand, operator)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, makeSome))
}

async function brokerStartS({ clock, dataDir, say }: Stand): Promise<number> {
  const startedAtMs = clock.monotonicMs()
  const logger = { info: () => undefined, warn: say }
  const broker = await startEmbeddedKafka({ dataDir, heapMb: BROKER_HEAP_MB, profile: 'default', logger })
  const seconds = (clock.monotonicMs() - startedAtMs) / 1_000
  await broker.close()
  return seconds
}

const rowOf = (figure: string, clarion: number, baseline: number, of: string): Row => ({
  figure,
  clarion: short(clarion),
  baseline: `${short(baseline)} (${of})`,
  ratio: short(clarion / baseline),
  goal: '',
  holds: undefined,
})
