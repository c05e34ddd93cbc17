/** `run` under `kill -9`, and with others joining: what has committed is not asked again, and every run ends once. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { shardOf } from '../../src/kafka/shards.ts'
import { SHARDS, startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { endParts } from '../support/run-directory.ts'
import { untilFound } from '../support/until.ts'

let platform: TestPlatform
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  // Broker and ClickHouse stay behind when the whole platform is killed.
  const whole = await startPlatform()
  await whole.kill()
  platform = await startPlatform({ dataDir: whole.dataDir, roles: 'api,admit,record' })
}, 180_000)
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined)
}, 60_000)
afterAll(async () => {
  await platform?.stop()
  await endParts(platform.dataDir)
}, 60_000)

interface Run {
  id: string
  status: string
  steps: Array<{ path: string; output: { body: { number: number } } }>
}

/** One more process that runs workflows. */
async function runner(): Promise<TestPlatform> {
  const made = await startPlatform({ dataDir: platform.dataDir, roles: 'run' })
  closing.push(() => made.stop())
  return made
}

async function numbering(): Promise<Receiver> {
  const headers = { 'content-type': 'application/json' }
  const made = await createReceiver({ answer: ({ number }) => ({ headers, body: JSON.stringify({ number }) }) })
  closing.push(() => made.close())
  return made
}

async function deployed(organization: TestOrganization, actions: object[]): Promise<string> {
  const { data } = await organization.call<{ id: string }>('POST', '/api/v1/workflows', {
    ...{ name: 'W', trigger: { kind: 'event', event: 'go' }, definition: { language: 1, actions } },
  })
  expect((await organization.call('POST', `/api/v1/workflows/${data.id}/deploy`)).status).toBe(200)
  return data.id
}

const emit = (organization: TestOrganization, n: number) =>
  organization.call('POST', '/api/v1/events/custom/emit', {
    ...{ name: 'platformxe.generic', payload: { kind: 'go', data: { n } } },
  })

async function ended(organization: TestOrganization, workflow: string, count: number): Promise<Run[]> {
  const found = await untilFound(`${count} runs have ended`, async () => {
    const { data } = await organization.call<Run[]>('GET', `/api/v1/workflows/${workflow}/runs?limit=100`)
    return (
      data.length >= count && data.every(({ status }) => !['queued', 'running', 'waiting'].includes(status)) && data
    )
  })
  // One after the other: the owner answers a bounded number of looks a second, and the history comes later.
  const runs: Run[] = []
  for (const { id } of found) {
    const run = async () => (await organization.call<Run>('GET', `/api/v1/workflows/runs/${id}`)).data ?? false
    runs.push(await untilFound(`the run ${id} is read`, run))
  }
  return runs
}

const step = (key: string, url: string, body?: string) => ({
  ...{ key, type: 'http_request' },
  with: { method: 'POST', url: `${url}/${key}`, ...(body === undefined ? {} : { body }) },
})

describe('kill -9 of the process that runs', () => {
  it('between every two steps repeats no answer that has committed', async () => {
    const organization = await platform.organization()
    const receiver = await numbering()
    const wait = (key: string) => ({ key, type: 'delay', with: { seconds: 2 } })
    const workflow = await deployed(organization, [
      step('a', receiver.url),
      wait('first'),
      step('b', receiver.url, "{{$action['a'].body.number}}"),
      wait('second'),
      step('c', receiver.url, "{{$action['b'].body.number}}"),
    ])
    let running = await runner()
    await emit(organization, 1)
    for (const key of ['a', 'b']) {
      await untilFound(`${key} has answered and committed`, async () => {
        const { data } = await organization.call<Run[]>('GET', `/api/v1/workflows/${workflow}/runs`)
        const run = data[0] && (await organization.call<Run>('GET', `/api/v1/workflows/runs/${data[0].id}`)).data
        return run?.steps.some(({ path }) => path === key) ?? false
      })
      await running.kill()
      running = await runner()
    }
    const [run] = await ended(organization, workflow, 1)
    expect(run!.status).toBe('succeeded')
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/a', '/b', '/c'])
    const bodies = receiver.requests.map(({ body }) => body.toString())
    expect(bodies).toEqual(['', '1', '2'])
  }, 240_000)

  it('in the middle of many runs loses and doubles none; two processes share them', async () => {
    const organization = await platform.organization()
    const receiver = await numbering()
    const workflow = await deployed(organization, [
      step('a', receiver.url, '{{$param.n}}'),
      step('b', receiver.url, "{{$action['a'].body.number}}"),
    ])
    const [first] = await Promise.all([runner(), runner()])
    const count = 60
    for (let n = 0; n < count; n++) {
      await emit(organization, n)
      if (n === 30) await first!.kill()
    }
    const runs = await ended(organization, workflow, count)
    expect(runs).toHaveLength(count)
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['succeeded']))
    const committed = new Map(runs.map(({ id, steps }) => [id, steps.find(({ path }) => path === 'a')!.output]))
    for (const { headers, body, path } of receiver.requests.filter(request => request.path === '/b')) {
      const runId = headers['idempotency-key']!.split('/')[0]!
      expect([path, body.toString()]).toEqual(['/b', String(committed.get(runId)!.body.number)])
    }
  }, 240_000)

  it('answers the caller of a route by the next owner of its shard', async () => {
    const receiver = await numbering()
    const actions = [
      step('a', receiver.url),
      { key: 'wait', type: 'delay', with: { seconds: 5 } },
      { key: 'answer', type: 'respond', with: { body: "{{$action['a'].body}}" } },
    ]
    /** Each on a shard of its own, so that whoever is killed owns one of them. */
    const organizations = new Map<number, TestOrganization>()
    while (organizations.size < SHARDS) {
      const organization = await platform.organization()
      organizations.set(shardOf(organization.org.id, SHARDS), organization)
    }
    const routes: Array<() => Promise<Response>> = []
    for (const organization of organizations.values()) {
      const { data } = await organization.call<{ id: string }>('POST', '/api/v1/routes', {
        ...{ method: 'POST', path: '/slow', auth: 'none', responseTimeoutMs: 30_000 },
        definition: { language: 1, actions },
      })
      expect((await organization.call('POST', `/api/v1/routes/${data.id}/deploy`)).status).toBe(200)
      routes.push(() => fetch(`${platform.base}/run/${organization.slug}/slow`, { method: 'POST' }))
    }
    const [first] = await Promise.all([runner(), runner()])
    const called = Promise.all(routes.map(call => call()))
    await untilFound('every request has been made', async () => receiver.requests.length === SHARDS)
    await first!.kill()
    const answers = await called
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const numbers = await Promise.all(answers.map(async answer => (await answer.json()) as { number: number }))
    const made = receiver.requests.map(({ number }) => number)
    for (const { number } of numbers) expect(made).toContain(number)
  }, 240_000)
})
