/** `kill -9`, in the middle of everything: afterwards every figure agrees to the unit. */
import { afterEach, describe, expect, it } from '@jest/globals'
import { expectLedger, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

const BATCH = 500
const running: TestPlatform[] = []
afterEach(async () => {
  for (const platform of running.splice(0)) await platform.stop().catch(() => undefined)
}, 120_000)

async function start(options: Parameters<typeof startPlatform>[0] = {}): Promise<TestPlatform> {
  const platform = await startPlatform({ ...options, env: { CLARION_SHARDS: '8' } })
  running.push(platform)
  return platform
}

const batch = (from: number) => ({
  items: Array.from({ length: BATCH }, (_, n) => ({
    name: 'platformxe.generic',
    payload: { kind: 'k', data: { n: from + n } },
    idempotencyKey: `n${from + n}`,
  })),
})

/** Emits `count` in batches, eight at a time; a batch that failed is sent again, its idempotency keys making it harmless. */
async function emitAll(
  organization: () => TestOrganization,
  count: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const starts = Array.from({ length: count / BATCH }, (_, n) => n * BATCH)
  let done = 0
  const worker = async () => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      while (!(await accepted(organization(), from)));
      done += BATCH
      onProgress(done)
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

async function accepted(organization: TestOrganization, from: number): Promise<boolean> {
  try {
    const answer = await organization.call<{ results: Array<{ status: number; verdict?: string }> }>(
      'POST',
      '/api/v1/events/custom/emit/batch',
      batch(from),
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

describe('kill -9', () => {
  it('of the whole platform in the middle of 20,000 emits loses, invents and doubles nothing', async () => {
    const count = 20_000
    let platform = await start()
    let organization = await platform.organization()
    const receiver = await createReceiver()
    await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['*'], maxInFlight: 50 })
    let killed = false
    let restarted: Promise<void> = Promise.resolve()
    await emitAll(
      () => organization,
      count,
      done => {
        if (killed || done < count / 2) return
        killed = true
        restarted = platform.kill().then(async () => {
          platform = await start({ dataDir: platform.dataDir })
          organization = through(platform, organization)
        })
      },
    )
    await restarted
    expect(killed).toBe(true)
    expectLedger(await takeLedger(platform, organization, count), count)
    await deliveredAll(receiver, count)
    await receiver.close()
  }, 240_000)

  it('of one of two admit processes lets the other take over, and the ledger agrees', async () => {
    const count = 10_000
    const platform = await start()
    const organizations = await Promise.all(Array.from({ length: 4 }, () => platform.organization()))
    const second = await start({ dataDir: platform.dataDir, roles: 'admit' })
    let killed = false
    await Promise.all(
      organizations.map((organization, index) =>
        emitAll(
          () => organization,
          count / 4,
          done => {
            if (killed || index > 0 || done < count / 8) return
            killed = true
            void second.kill()
          },
        ),
      ),
    )
    expect(killed).toBe(true)
    for (const organization of organizations)
      expectLedger(await takeLedger(platform, organization, count / 4), count / 4)
  }, 240_000)
})
