/** Emits by the thousand while processes are killed, with a ledger that must agree to the unit afterwards. */
import { expect } from '@jest/globals'
import { expectLedger, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

/** Of a test: so many emits, in batches of this size. */
export interface Volume {
  count: number
  batch: number
}

/** Shards: each of two processes has some. */
const EIGHT = { CLARION_SHARDS: '8' }

const batchOf = (from: number, count: number) => ({
  items: Array.from({ length: count }, (_, n) => ({
    name: 'platformxe.generic',
    payload: { kind: 'k', data: { n: from + n } },
    idempotencyKey: `n${from + n}`,
  })),
})

/** Emits in batches, eight at a time; a batch that failed is sent again, its idempotency keys making it harmless. */
async function emitAll(
  organization: () => TestOrganization,
  { count, batch }: Volume,
  onProgress: (done: number) => void,
): Promise<void> {
  const starts = Array.from({ length: count / batch }, (_, n) => n * batch)
  let done = 0
  const worker = async () => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      while (!(await accepted(organization(), batchOf(from, batch))));
      done += batch
      onProgress(done)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

async function accepted(organization: TestOrganization, batch: ReturnType<typeof batchOf>): Promise<boolean> {
  try {
    const answer = await organization.call<{ results: Array<{ status: number; verdict?: string }> }>(
      'POST',
      '/api/v1/events/custom/emit/batch',
      batch,
    )
    return answer.status === 200 && answer.data.results.every(result => result.status === 202)
  } catch {
    return false // the platform is away just now
  }
}

/** The same organization, reached through another process. */
const through = (platform: TestPlatform, organization: TestOrganization): TestOrganization => ({
  ...organization,
  call: (method, path, body, headers) => platform.call(organization.apiKey, method, path, body, headers),
})

/** Resolves when each of the numbers below `count` has been delivered, once or more. */
async function deliveredAll(receiver: Receiver, count: number): Promise<void> {
  const seen = new Set<number>()
  for (let read = 0; seen.size < count; ) {
    await receiver.received(read + 1)
    for (; read < receiver.requests.length; read++)
      seen.add(JSON.parse(receiver.requests[read]!.body.toString()).data.data.n)
  }
}

/** Of the whole platform, which starts again: nothing is lost, invented or doubled. Resolves with the platform that runs then. */
export async function killWhole(volume: Volume): Promise<TestPlatform> {
  const { count } = volume
  let platform = await startPlatform({ env: EIGHT })
  let organization = await platform.organization()
  const receiver = await createReceiver()
  await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['*'], maxInFlight: 50 })
  let killed = false
  let restarted: Promise<void> = Promise.resolve()
  await emitAll(
    () => organization,
    volume,
    done => {
      if (killed || done < count / 2) return
      killed = true
      restarted = platform.kill().then(async () => {
        platform = await startPlatform({ dataDir: platform.dataDir, env: EIGHT })
        organization = through(platform, organization)
      })
    },
  )
  await restarted
  expect(killed).toBe(true)
  expectLedger(await takeLedger(platform, organization, count), count)
  await deliveredAll(receiver, count)
  await receiver.close()
  return platform
}

/** Of one of two processes that judge, with so many emits over four organizations: the other takes over. */
export async function killAdmit(platform: TestPlatform, { count: all, batch }: Volume): Promise<void> {
  const count = all / 4
  const organizations = await Promise.all(Array.from({ length: 4 }, () => platform.organization()))
  const second = await startPlatform({ dataDir: platform.dataDir, roles: 'admit', env: EIGHT })
  let killed = false
  await Promise.all(
    organizations.map((organization, index) =>
      emitAll(
        () => organization,
        { count, batch },
        done => {
          if (killed || index > 0 || done < count / 2) return
          killed = true
          void second.kill()
        },
      ),
    ),
  )
  expect(killed).toBe(true)
  for (const organization of organizations) expectLedger(await takeLedger(platform, organization, count), count)
}
