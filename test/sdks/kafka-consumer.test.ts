/** Reading the log with the kit: a group gets every event that it has not handled, through any fault in between. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import { systemClock } from '../../sdks/typescript/src/clock.ts'
import { type Client, createClient } from '../../sdks/typescript/src/index.ts'
import { type Access, type ConsumeOptions, consume, type LogEvent } from '../../sdks/typescript/src/kafka/index.ts'
import { containersOf, testsUseContainers } from '../support/containers.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from './support/until.ts'

let platform: TestPlatform
let organization: TestOrganization
let client: Client
let access: Access & { credentials: { topics: { events: string }; groupPrefix?: string } }
beforeAll(async () => {
  platform = await startPlatform()
  await begin()
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

/** A log of its own. */
async function begin(partitions = 1): Promise<void> {
  organization = await platform.organization('ENTERPRISE')
  client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
  access = { credentials: await client.kafkaCredentials.create({ name: 'kit', access: 'both' }) }
  if (partitions > 1) await grow(partitions)
}
const grow = (partitions: number) =>
  platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${organization.org.id}/partitions`, { partitions })
const emit = (kind: string, subject?: string) =>
  client.events.custom.emit({
    name: 'platformxe.generic',
    payload: { kind },
    ...(subject === undefined ? {} : { subject }),
  })
const kinds = (events: LogEvent[]): Array<string | null> => events.map(({ kind }) => kind)

type Options = Partial<Omit<ConsumeOptions, keyof Access>> & { group: string }
async function read(options: Options) {
  const seen: LogEvent[] = []
  const consumption = await consume({ ...access, onEvent: event => void seen.push(event), ...options })
  return {
    ...consumption,
    seen,
    sees: (...wanted: string[]) => until(() => wanted.every(each => kinds(seen).includes(each)), Boolean),
  }
}
/** Everything that the group has not handled. */
async function rest(group: string, lastKind: string): Promise<Array<string | null>> {
  const reading = await read({ group })
  await reading.sees(lastKind)
  await reading.close()
  return kinds(reading.seen)
}
async function platformAdmin(work: (admin: kafkajs.Admin) => Promise<void>): Promise<void> {
  const { brokers, username, password } = testsUseContainers()
    ? (await containersOf(platform.dataDir)).kafka
    : JSON.parse(readFileSync(join(platform.dataDir, 'kafka', 'process.json'), 'utf8')).connection
  const sasl = { mechanism: 'scram-sha-512' as const, username, password }
  const admin = new kafkajs.Kafka({ brokers, sasl, logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  await work(admin).finally(() => admin.disconnect())
}
function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { open: () => open(), opened }
}

describe('a group that is new', () => {
  it('has a position from its first join on: events between two runs are seen in the second', async () => {
    await emit('before')
    await (await read({ group: 'between' })).close()
    await emit('between')
    await emit('second')
    expect(await rest('between', 'second')).toEqual(['between', 'second'])
  })

  it('keeps the place of its first run, even if a later one asks for the beginning, or for the next event', async () => {
    await begin()
    await emit('old')
    await (await read({ group: 'latest-first' })).close()
    await (await read({ group: 'beginning-first', fromBeginning: true, onEvent: () => Promise.reject(new Error('not now')), onError: () => 'stop' })).ended.catch(() => undefined) // biome-ignore format: one thought
    await emit('new')
    const later = await read({ group: 'latest-first', fromBeginning: true })
    await later.sees('new')
    await later.close()
    expect(kinds(later.seen)).toEqual(['new'])
    expect(await rest('beginning-first', 'new')).toEqual(['old', 'new'])
  })

  it('reads a partition that is added later from its beginning', async () => {
    await begin()
    await emit('early')
    await (await read({ group: 'grown' })).close()
    await grow(4)
    for (let n = 0; n < 16; n++) await emit(`k${n}`, `subject ${n}`)
    const reading = await read({ group: 'grown' })
    await reading.sees(...Array.from({ length: 16 }, (_, n) => `k${n}`))
    await reading.close()
    expect(kinds(reading.seen).sort()).toEqual(Array.from({ length: 16 }, (_, n) => `k${n}`).sort())
  })
})

describe('a handler that throws', () => {
  it('is called again with growing attempts, onError gets each, and the order of the partition is kept', async () => {
    await begin()
    const heard: Array<[string, string | null | undefined, number | undefined]> = []
    const calls: string[] = []
    const reading = await read({
      group: 'throwing',
      onEvent({ kind }, { attempt }) {
        calls.push(`${kind}:${attempt}`)
        if (kind === 'b' && attempt < 3) throw new Error(`not yet ${attempt}`)
      },
      onError: (error, failed) => void heard.push([error.message, failed?.event.kind, failed?.attempt]),
    })
    for (const kind of ['a', 'b', 'c']) await emit(kind)
    await until(() => calls.includes('c:1'), Boolean)
    await reading.close()
    expect(calls).toEqual(['a:1', 'b:1', 'b:2', 'b:3', 'c:1'])
    expect(heard).toEqual([
      ['not yet 1', 'b', 1],
      ['not yet 2', 'b', 2],
    ])
  })

  it('is passed over when onError says skip; stop ends in front of the event, and so does an onError that throws', async () => {
    await begin()
    const failing = (decide: () => 'skip' | 'stop') =>
      read({
        group: 'deciding',
        fromBeginning: true,
        onEvent: ({ kind }) => (kind === 'bad' ? Promise.reject(new Error('bad')) : undefined),
        onError: (_, failed) => (failed ? decide() : undefined),
      })
    await emit('bad')
    await emit('good')
    await expect((await failing(() => 'stop')).ended).rejects.toThrow('bad')
    const throwing = await failing(() => {
      throw new Error('enough')
    })
    await expect(throwing.ended).rejects.toThrow('enough')
    const skipped: string[] = []
    const skipping = await failing(() => {
      skipped.push('bad')
      return 'skip'
    })
    await emit('last')
    expect(await until(() => skipped.length, Boolean)).toBe(1)
    await skipping.close()
    const left = await read({ group: 'deciding' })
    await left.close()
    expect(kinds(left.seen)).not.toContain('bad')
  })

  it('holds up its own partition only, whether it throws or hangs', async () => {
    await begin(2)
    const hanging = gate()
    const seen: LogEvent[] = []
    const reading = await read({
      group: 'partitions',
      async onEvent(event, { attempt }) {
        if (event.kind === 'throws' && attempt < 4) throw new Error('again')
        if (event.kind === 'hangs') await hanging.opened
        seen.push(event)
      },
      onError: () => undefined,
    })
    const subjects = await twoPartitions(reading.seen)
    await emit('throws', subjects[0])
    await emit('goes on', subjects[1])
    await until(() => kinds(seen).includes('throws'), Boolean)
    expect(kinds(seen).filter(kind => kind !== 'probe')).toEqual(['goes on', 'throws'])
    await emit('hangs', subjects[0])
    await emit('behind it', subjects[0])
    for (let n = 0; n < 3; n++) {
      await emit(`beside it ${n}`, subjects[1])
      await until(() => kinds(seen).includes(`beside it ${n}`), Boolean)
    }
    expect(kinds(seen)).not.toContain('behind it')
    hanging.open()
    await until(() => kinds(seen).includes('behind it'), Boolean)
    expect(kinds(seen).slice(-2)).toEqual(['hangs', 'behind it'])
    await reading.close()
    await emit('end', subjects[0])
    expect(await rest('partitions', 'end')).toEqual(['end'])
  })

  /** A subject of each partition: murmur2 of kafkajs, as producers use it. */
  async function twoPartitions(_: LogEvent[]): Promise<[string, string]> {
    const partition = kafkajs.Partitioners.DefaultPartitioner()
    const partitionMetadata = [0, 1].map(partitionId => ({ partitionId, leader: 0 })) as kafkajs.PartitionMetadata[]
    const of = (wanted: number) => Array.from({ length: 50 }, (_, n) => `subject ${n}`).find(key => partition({ topic: 't', partitionMetadata, message: { key, value: null } }) === wanted)! // biome-ignore format: one thought
    return [of(0), of(1)]
  }
})

describe('close()', () => {
  it('called by the handler returns, and commits the event that it handled', async () => {
    await begin()
    const seen: Array<string | null> = []
    const reading = await consume({
      ...access,
      group: 'inside',
      async onEvent({ kind }) {
        seen.push(kind)
        if (kind === 'first') await reading.close()
      },
    })
    await emit('first')
    await emit('second')
    await reading.ended
    expect(seen).toEqual(['first'])
    expect(await rest('inside', 'second')).toEqual(['second'])
  })

  it('waits for the handler that is running, and may be called twice', async () => {
    await begin()
    const [entered, leaving] = [gate(), gate()]
    const seen: Array<string | null> = []
    const reading = await read({
      group: 'waiting',
      async onEvent({ kind }) {
        entered.open()
        await leaving.opened
        seen.push(kind)
      },
    })
    await emit('running')
    await emit('next')
    await entered.opened
    const closings = [reading.close(), reading.close()]
    leaving.open()
    await Promise.all(closings)
    await reading.close()
    expect(seen).toEqual(['running'])
    expect(await rest('waiting', 'next')).toEqual(['next'])
  })

  it('does not wait for ever for a handler that hangs: its signal is aborted, and its event comes again', async () => {
    await begin()
    const entered = gate()
    let aborted: AbortSignal | undefined
    const reading = await read({
      group: 'hanging',
      closeTimeoutMs: 100,
      onEvent(_, { signal }) {
        aborted = signal
        entered.open()
        return new Promise(() => undefined)
      },
    })
    await emit('hanging')
    await entered.opened
    expect(aborted?.aborted).toBe(false)
    await reading.close()
    expect(aborted?.aborted).toBe(true)
    expect(await rest('hanging', 'hanging')).toEqual(['hanging'])
  })

  it('follows an abort, also while it connects', async () => {
    const controller = new AbortController()
    const connecting = consume({ ...access, group: 'aborted', signal: controller.signal, onEvent: () => undefined })
    controller.abort(new Error('changed my mind'))
    await expect(connecting).rejects.toThrow('changed my mind')
    await expect(
      consume({ ...access, group: 'aborted', signal: controller.signal, onEvent: () => undefined }),
    ).rejects.toThrow('changed')
    const later = new AbortController()
    const reading = await read({ group: 'aborted', signal: later.signal })
    later.abort()
    await reading.ended
  })
})

describe('a group with two members', () => {
  it('neither loses nor repeats handled events when one joins and one leaves', async () => {
    await begin(4)
    const total = 200
    const wanted = Array.from({ length: total }, (_, n) => `k${n}`)
    const seen: string[] = []
    const options = {
      group: 'rebalanced',
      fromBeginning: true,
      onEvent: ({ kind }: LogEvent) => void seen.push(kind as string),
    }
    const first = await read(options)
    const emitting = (async () => {
      for (const [n, kind] of wanted.entries()) await emit(kind, `subject ${n % 20}`)
    })()
    const second = await read(options)
    await until(() => seen.length > total / 4, Boolean)
    await first.close()
    await emitting
    await until(() => new Set(seen).size === total, Boolean)
    await second.close()
    expect([...new Set(seen)].sort()).toEqual([...wanted].sort())
    for (let subject = 0; subject < 20; subject++) {
      const firsts = [...new Set(seen.filter(kind => Number(kind.slice(1)) % 20 === subject))]
      expect(firsts).toEqual(wanted.filter((_, n) => n % 20 === subject))
    }
    expect(seen.length).toBe(total)
  })
})

describe('a handler that takes long', () => {
  it('keeps its place in the group, and a rebalance waits for it: nothing is handled twice', async () => {
    await begin()
    const calls: string[] = []
    const [entered, leaving] = [gate(), gate()]
    const member = (name: string) =>
      read({
        group: 'slow',
        fromBeginning: true,
        async onEvent({ kind }) {
          calls.push(`${name}:${kind}`)
          if (kind !== 'slow') return
          entered.open()
          await leaving.opened
        },
      })
    const first = await member('first')
    await emit('slow')
    await entered.opened
    const joining = member('second')
    await until(() => groupState('slow'), state => state === 'PreparingRebalance') // biome-ignore format: one thought
    leaving.open()
    const second = await joining
    await emit('next')
    await until(() => calls.length > 1, Boolean)
    await Promise.all([first.close(), second.close()])
    expect(calls.map(call => call.split(':')[1])).toEqual(['slow', 'next'])
  })

  async function groupState(group: string): Promise<string> {
    const groupId = `${access.credentials.groupPrefix}${group}`
    let state = ''
    await platformAdmin(async admin => {
      state = (await admin.describeGroups([groupId])).groups[0]!.state
    })
    return state
  }
})

describe('a place that is not in the log any more', () => {
  it('becomes the oldest event that is kept, and onReset is called', async () => {
    await begin()
    await (await read({ group: 'expired' })).close()
    for (const kind of ['gone', 'kept']) await emit(kind)
    await platformAdmin(async admin => {
      const topic = access.credentials.topics.events
      const partitions = await admin.fetchTopicOffsets(topic)
      // The record of `kept` and the marker of its transaction are the last two.
      await admin.deleteTopicRecords({
        topic,
        partitions: partitions.map(({ partition, high }) => ({ partition, offset: String(Number(high) - 2) })),
      })
    })
    const resets: number[] = []
    const reading = await read({ group: 'expired', onReset: partition => void resets.push(partition) })
    await reading.sees('kept')
    await reading.close()
    expect([kinds(reading.seen), resets]).toEqual([['kept'], [0]])
    await emit('next')
    expect(await rest('expired', 'next')).toEqual(['next'])
  })
})

describe('a credential that is deleted', () => {
  it('ends the consumer: ended rejects, and onError is called without an event', async () => {
    await begin()
    const impatient = { ...systemClock, after: (_: number, callback: () => void) => systemClock.after(20, callback) }
    const heard: unknown[][] = []
    const credentials = await client.kafkaCredentials.create({ name: 'short-lived', access: 'consume' })
    const onError = (...args: unknown[]) => void heard.push(args)
    const reading = await consume({
      credentials,
      group: 'refused',
      clock: impatient,
      onEvent: () => undefined,
      onError,
    })
    await client.kafkaCredentials.delete(credentials.id)
    await expect(reading.ended).rejects.toThrow(/[Aa]uth/)
    await until(() => heard.length, Boolean)
    expect(heard).toEqual([[expect.objectContaining({ message: expect.stringMatching(/[Aa]uth/) })]])
    await reading.close()
  })
})

const restarted = testsUseContainers() ? it.skip : it
describe('brokers that go away', () => {
  restarted(
    'come back to a consumer that goes on where it was, a new group too',
    async () => {
      await begin()
      const disconnects: string[] = []
      const noting = (group: string) => ({ group, onDisconnect: () => void disconnects.push(group) })
      const reading = await read(noting('restarted'))
      const idle = await read(noting('restarted-idle'))
      await emit('before')
      await reading.sees('before')
      const { pid } = JSON.parse(readFileSync(join(platform.dataDir, 'kafka', 'process.json'), 'utf8')) as {
        pid: number
      }
      // A frozen platform starts no other broker, until both consumers have noticed.
      process.kill(platform.pid, 'SIGSTOP')
      process.kill(pid, 'SIGKILL')
      await until(() => new Set(disconnects).size, size => size === 2) // biome-ignore format: one thought
      process.kill(platform.pid, 'SIGCONT')
      while (!(await emit('after').then(() => true, () => false))); // biome-ignore format: one thought
      await until(() => reading.sees('after').then(() => idle.sees('after')), Boolean)
      await Promise.all([reading.close(), idle.close()])
      expect(kinds(reading.seen).filter(kind => kind === 'before')).toEqual(['before'])
      expect(kinds(reading.seen)).toContain('after')
      expect(kinds(idle.seen)).toContain('after')
    },
    120_000,
  )
})
