import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import type { LogRecord, OutRecord, Processor, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createShard, type Shard } from '../../src/kafka/runtime/shard.ts'
import { createLogger } from '../../src/logger.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const logger = createLogger('silent')

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
}, 60_000)
afterAll(() => runtime.close())

/** One shard whose task the test creates. `sessions`: the handles of those opened so far. */
async function setup(
  make: (handle: ShardHandle, session: number) => Partial<ShardTask>,
  changes: Partial<Processor> = {},
) {
  const output = changes.stateTopics?.[0] ?? (await runtime.createTopic(`shard-${random.bytes(4).toString('hex')}`))
  const sessions: ShardHandle[] = []
  const reopened: string[] = []
  const lease = { isHeld: true, confirmedAtMs: () => clock.monotonicMs() }
  const reader = createLogReader({
    kafka: runtime.kafka,
    clock,
    logger,
    events: {
      onRecords: (...records) => shard.onRecords(...records),
      onFatal(error) {
        throw error
      },
    },
  })
  const shard: Shard = createShard({
    kafka: runtime.kafka,
    processor: {
      role: runtime.name(`role-${output}`),
      stateTopics: [],
      open(handle) {
        const session = sessions.push(handle) - 1
        return {
          restore: () => undefined,
          start: () => undefined,
          receive: () => undefined,
          seal: (): OutRecord[] => [],
          close: () => undefined,
          ...make(handle, session),
        }
      },
      ...changes,
    },
    shard: 0,
    clock,
    random,
    logger,
    metrics: {
      transaction: () => undefined,
      reopened: (_role, _shard, reason) => void reopened.push(reason),
      assigned: () => undefined,
    },
    reader,
    lease: { confirmedAtMs: lease.confirmedAtMs, isHeld: () => lease.isHeld },
  })
  shard.open()
  return {
    shard,
    lease,
    sessions,
    reopened,
    output,
    write: (session: number, value: string) =>
      sessions[session]!.write([{ topic: output, partition: 0, key: null, value }]),
    tail: runtime.tail(output),
    async close() {
      await shard.drop()
      await reader.close()
    },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await clock.sleep(5)
}

const values = (records: ReadonlyArray<{ value: Buffer | null }>) => records.map(({ value }) => value!.toString())

describe('a session of a shard', () => {
  it.each(['seal', 'committed'] as const)(
    'that throws in %s, and again when it is closed, is followed by the next one',
    async where => {
      const made = await setup((_handle, session) => {
        const fault = () => {
          throw new Error(`made by the test in ${where}`)
        }
        return session === 0 ? { [where]: fault, close: fault } : {}
      })
      await until(() => made.shard.running())
      made.write(0, 'first')
      await until(() => made.sessions.length === 2 && made.shard.running())
      made.write(1, 'second')
      const seen = values(await made.tail.until(records => records.at(-1)?.value?.toString() === 'second'))
      expect(seen).toEqual(where === 'seal' ? ['second'] : ['first', 'second'])
      expect(made.reopened).toEqual(['fault'])
      await made.close()
    },
  )

  it('that cannot be opened is tried again', async () => {
    const made = await setup((_handle, session) => {
      if (session === 0) throw new Error('made by the test')
      return {}
    })
    await until(() => made.shard.running())
    expect(made.reopened).toEqual(['unopened'])
    await made.close()
  })

  it('ends when the lease is lost, without a commit, and begins again when it is confirmed', async () => {
    const made = await setup(() => ({}), { actsOutside: true })
    await until(() => made.shard.running())
    expect(made.sessions[0]!.isHeld()).toBe(true)
    made.lease.isHeld = false
    expect(made.sessions[0]!.isHeld()).toBe(false)
    made.write(0, 'not to be committed')
    await until(() => made.shard.state() === 'suspended')
    made.shard.suspend()
    made.lease.isHeld = true
    // A former session holds nothing, whatever the lease is.
    expect(made.sessions[0]!.isHeld()).toBe(false)
    made.shard.resume()
    await until(() => made.shard.running())
    made.write(1, 'committed')
    expect(values(await made.tail.until(records => records.length > 0))).toEqual(['committed'])
    expect(made.reopened).toEqual(['lost'])
    await made.close()
  })

  it('of a role that acts by its transactions alone goes on without a lease, until another one fences it', async () => {
    const made = await setup(() => ({}))
    await until(() => made.shard.running())
    made.lease.isHeld = false
    made.write(0, 'committed')
    expect(values(await made.tail.until(records => records.length > 0))).toEqual(['committed'])
    await made.close()
  })

  it('reports the age of its oldest uncommitted output', async () => {
    let isSealed = false
    const made = await setup(
      () => ({
        seal: () => {
          isSealed = true
          return []
        },
      }),
      { commitPaceMs: 300 },
    )
    await until(() => made.shard.running())
    const [handle] = made.sessions
    expect(handle!.uncommittedForMs()).toBe(0)
    made.write(0, 'first')
    await made.tail.until(records => records.length === 1)
    await until(() => handle!.uncommittedForMs() === 0)
    isSealed = false
    made.write(0, 'second')
    await until(() => handle!.uncommittedForMs() >= 50)
    expect(isSealed).toBe(false)
    await made.tail.until(records => records.length === 2)
    await until(() => handle!.uncommittedForMs() === 0)
    await made.close()
  })

  it('drains work in flight, commits it, takes nothing new, and is not opened again', async () => {
    const release = Promise.withResolvers<void>()
    const made = await setup(handle => ({
      async drain() {
        await release.promise
        handle.write([{ topic: made.output, partition: 0, key: null, value: 'ended meanwhile' }])
      },
    }))
    await until(() => made.shard.running())
    const drained = made.shard.drain()
    expect(made.shard.state()).toBe('draining')
    release.resolve()
    await drained
    expect(
      values(made.tail.records.length > 0 ? made.tail.records : await made.tail.until(records => records.length > 0)),
    ).toEqual(['ended meanwhile'])
    made.sessions[0]!.fail(new Error('made by the test'))
    await clock.sleep(300)
    expect(made.sessions).toHaveLength(1)
    await made.close()
  })
})

describe('records that a task offers', () => {
  it('is taken as its inputs are: in order, and one at a time until the record at fault is found', async () => {
    const offered = ['first', 'poison', 'last'].map((value, offset): LogRecord => {
      return { topic: 'own', partition: 0, offset, timestampMs: 0, key: null, value: Buffer.from(value), headers: {} }
    })
    /** A task's state. */
    const done = new Set<number>()
    const made = await setup(
      handle => {
        let taken: number[] = []
        let sealed: number[] = []
        return {
          start: () => handle.offer('own', 0, offered.filter(({ offset }) => !done.has(offset))), // biome-ignore format: one thought
          receive(records, _nextOffset, isolated) {
            for (const { value, offset } of records) {
              if (String(value) === 'poison' && !isolated) throw new Error('made by the test')
              taken.push(offset)
              handle.write([{ topic: made.output, partition: 0, key: null, value: isolated ? 'isolated' : value }])
            }
          },
          seal() {
            sealed = taken
            taken = []
            return []
          },
          committed() {
            for (const offset of sealed) done.add(offset)
          },
        }
      },
      { isolatesRecords: true },
    )
    expect(values(await made.tail.until(records => records.length === 3))).toEqual(['first', 'isolated', 'last'])
    await made.close()
  })
})

describe('a shard that appends', () => {
  /** Two processes that both believe they own it: what each of them has restored and written. */
  async function owner(state: string, name: string) {
    const restored: string[] = []
    const made = await setup(() => ({ restore: ({ value }) => void restored.push(String(value)) }), {
      ...{ role: runtime.name(`role-${state}`), stateTopics: [state], appends: true, actsOutside: true },
    })
    let written = 0
    return {
      ...made,
      restored,
      running: () => until(() => made.shard.running()),
      put: () => made.write(made.sessions.length - 1, `${name} ${written++}`),
    }
  }
  const states = (records: ReadonlyArray<{ key: Buffer | null; value: Buffer | null }>) =>
    values(records.filter(({ key, value }) => value !== null && String(key) !== 'producer'))

  it('restores all that the owner before has appended, and ends it: nothing of that one is behind its barrier', async () => {
    const state = await runtime.createTopic('appended-state')
    const old = await owner(state, 'old')
    await old.running()
    old.put()
    await old.tail.until(records => states(records).length === 1)
    const young = await owner(state, 'young')
    await young.running()
    expect(young.restored).toEqual(['old 0'])
    // It was stopped, and wakes with work to commit.
    old.put()
    await until(() => old.reopened.length > 0)
    expect(old.reopened[0]).toBe('fenced')
    await old.shard.drop()
    young.put()
    const all = states(await young.tail.until(records => states(records).at(-1)?.startsWith('young') === true))
    expect(all.slice(0, 1)).toEqual(['old 0'])
    expect(all.filter(value => value === 'old 1')).toEqual([])
    await old.close()
    await young.close()
  })

  it('commits nothing without its lease, since no epoch fences for ever', async () => {
    const state = await runtime.createTopic('unleased-state')
    const made = await owner(state, 'unleased')
    await made.running()
    made.lease.isHeld = false
    made.put()
    await until(() => made.shard.state() === 'suspended')
    made.lease.isHeld = true
    made.shard.resume()
    await made.running()
    made.put()
    expect(states(await made.tail.until(records => states(records).length > 0))).toEqual(['unleased 1'])
    await made.close()
  })
})
