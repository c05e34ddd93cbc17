import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from '@jest/globals'
import { Kafka, logLevel } from 'kafkajs'
import { logsRead, progressLog } from '../../src/embedded/broker-progress.ts'
import { type EmbeddedClickHouse, joinEmbeddedClickHouse } from '../../src/embedded/clickhouse.ts'
import { type EmbeddedKafka, joinEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { BROKER_LOG } from '../../src/embedded/kafka-java.ts'
import { endOrphan, holdDirectory } from '../../src/embedded/part-directory.ts'
import { identifyProcess, waitUntilGone } from '../../src/embedded/process-identity.ts'
import { adopt, makeDataDirectory, silent } from '../support/run-directory.ts'

interface Parts {
  kafka: EmbeddedKafka
  clickhouse: EmbeddedClickHouse
}

/** A process that owns the embedded parts of a data directory, as the platform does. */
async function startParent(dataDir: string) {
  const program = fileURLToPath(new URL('../support/embedded-parent.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, dataDir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  adopt(child.pid!)
  parents.push(child)
  const lines = createInterface({ input: child.stdout })
  const parts = await nextLine<Parts>(lines)
  return { ...parts, child, lines, exited: new Promise<number | null>(resolve => child.once('exit', resolve)) }
}

function countMs(): () => number {
  const startedMs = performance.now()
  return () => performance.now() - startedMs
}

const nextLine = <T>(lines: Interface) =>
  new Promise<T>((resolve, reject) => {
    lines.once('line', line => resolve(JSON.parse(line)))
    lines.once('close', () => reject(new Error('The parent ended')))
  })

const parents: ChildProcess[] = []
afterEach(async () => {
  const running = parents.splice(0).filter(child => child.exitCode === null && child.signalCode === null)
  await Promise.all(
    running.map(child => {
      child.kill('SIGTERM')
      return new Promise(resolve => child.once('exit', resolve))
    }),
  )
})

function adminOf({ brokers, username, password }: EmbeddedKafka) {
  return new Kafka({
    brokers,
    sasl: { mechanism: 'scram-sha-512', username, password },
    logLevel: logLevel.NOTHING,
  }).admin()
}

async function createTopic(kafka: EmbeddedKafka, topic: string) {
  const admin = adminOf(kafka)
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: false })
  await admin.disconnect()
}

async function topicsOf(kafka: EmbeddedKafka) {
  const admin = adminOf(kafka)
  const topics = await admin.listTopics()
  await admin.disconnect()
  return topics
}

/** Of every thread of a process, by its name; threads of the same name have the same. */
function niceValues(pid: number): Map<string, number> {
  const stats = readdirSync(`/proc/${pid}/task`).map(thread => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))
  return new Map(
    stats.map(stat => [
      stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]),
    ]),
  )
}

async function clickhouse({ url }: { url: string }, query: string) {
  const { origin, username, password } = new URL(url)
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  return (await fetch(origin, { method: 'POST', headers: { authorization }, body: query })).text()
}

describe('broker and ClickHouse of one data directory', () => {
  it('outlive a parent that is killed, are ended by the next start, and have lost nothing', async () => {
    const dataDir = makeDataDirectory()
    const firstMs = countMs()
    const first = await startParent(dataDir)
    const oneStartMs = firstMs()
    await createTopic(first.kafka, 'kept')
    await clickhouse(first.clickhouse, 'CREATE TABLE kept (id UInt8) ENGINE = MergeTree ORDER BY id')
    await clickhouse(first.clickhouse, 'INSERT INTO kept VALUES (7)')
    const orphans = [first.kafka.pid, first.clickhouse.pid].map(pid => identifyProcess(pid)!)
    process.kill(-first.child.pid!, 'SIGKILL')
    await first.exited
    expect(orphans.map(({ pid }) => identifyProcess(pid))).toEqual(orphans)

    // It ends what it finds; it does not wait for it to end, which it would do for 30 s.
    const secondMs = countMs()
    const second = await startParent(dataDir)
    expect(secondMs()).toBeLessThan(Math.max(15_000, 4 * oneStartMs))
    expect(await Promise.all(orphans.map(orphan => waitUntilGone(orphan, 0)))).toEqual([true, true])
    expect(await topicsOf(second.kafka)).toContain('kept')
    expect(await clickhouse(second.clickhouse, 'SELECT id FROM kept')).toBe('7\n')
    expect(second.kafka.brokers).toEqual(first.kafka.brokers)
    expect(logsRead(progressLog(join(dataDir, 'kafka', BROKER_LOG)))).toMatch(/^(\d+) of \1 logs read$/)
  })

  it('lose nothing when they are killed themselves, and notify their owner', async () => {
    const dataDir = makeDataDirectory()
    const { kafka, clickhouse: server, lines, child, exited } = await startParent(dataDir)
    await clickhouse(server, 'CREATE TABLE kept (id UInt8) ENGINE = MergeTree ORDER BY id')
    await clickhouse(server, 'INSERT INTO kept VALUES (7)')
    await createTopic(kafka, 'kept')
    for (const [pid, name] of [
      [kafka.pid, 'Kafka broker'],
      [server.pid, 'ClickHouse server'],
    ] as const) {
      process.kill(pid, 'SIGKILL')
      expect((await nextLine<{ ended: string }>(lines)).ended).toMatch(`The ${name} ended with SIGKILL`)
    }
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
    const again = await startParent(dataDir)
    expect(await topicsOf(again.kafka)).toContain('kept')
    expect(await clickhouse(again.clickhouse, 'SELECT id FROM kept')).toBe('7\n')
  })

  it('wait for an owner that is still closing', async () => {
    const dataDir = makeDataDirectory()
    const first = await startParent(dataDir)
    first.child.kill('SIGTERM')
    const second = await startParent(dataDir)
    expect(await first.exited).toBe(0)
    expect(second.kafka.pid).not.toBe(first.kafka.pid)
  })

  it('can be joined by other processes while they run, and only then', async () => {
    const dataDir = makeDataDirectory()
    expect(() => joinEmbeddedKafka({ dataDir })).toThrow(/No broker is running/)
    expect(() => joinEmbeddedClickHouse({ dataDir })).toThrow(/No ClickHouse is running/)
    const owner = await startParent(dataDir)
    const { brokers, clientBrokers, username, password } = owner.kafka
    expect(joinEmbeddedKafka({ dataDir })).toEqual({ brokers, clientBrokers, username, password })
    expect(joinEmbeddedClickHouse({ dataDir })).toEqual({ url: owner.clickhouse.url })
    owner.child.kill('SIGTERM')
    await owner.exited
    expect(() => joinEmbeddedKafka({ dataDir })).toThrow(/No broker is running/)
  })

  const onLinux = process.platform === 'linux' ? it : it.skip // elsewhere threads have no nice value of their own
  onLinux(
    'leave the processor to those who are waited for: ClickHouse does, and the compiler of the broker',
    async () => {
      const { kafka, clickhouse: server } = await startParent(makeDataDirectory())
      const engine = niceValues(server.pid)
      expect(
        new Set([...engine].filter(([name]) => /Merge|BgSchPool|QueryP/.test(name)).map(([, nice]) => nice)),
      ).toEqual(new Set([10]))
      const broker = niceValues(kafka.pid)
      expect([...broker].filter(([name]) => /C[12] Compiler/.test(name)).map(([, nice]) => nice)).toEqual([10])
      expect([...broker].filter(([name]) => /kafka-request/.test(name)).every(([, nice]) => nice === 0)).toBe(true)
    },
  )

  it('run beside those of another data directory', async () => {
    const [one, other] = await Promise.all([startParent(makeDataDirectory()), startParent(makeDataDirectory())])
    await createTopic(one.kafka, 'mine')
    expect(await topicsOf(other.kafka)).not.toContain('mine')
    expect(await clickhouse(one.clickhouse, 'SELECT 1')).toBe('1\n')
    expect(await clickhouse(other.clickhouse, 'SELECT 2')).toBe('2\n')
  })
})

describe('a part directory', () => {
  it('never joins or ends a stranger that has the pid of an earlier child', async () => {
    const dataDir = makeDataDirectory()
    const directory = join(dataDir, 'kafka')
    mkdirSync(directory)
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)'])
    const identity = adopt(stranger.pid!)
    writeFileSync(
      join(directory, 'process.json'),
      JSON.stringify({ pid: stranger.pid, started: 'long ago', connection: {} }),
    )
    expect(() => joinEmbeddedKafka({ dataDir })).toThrow(/No broker is running/)
    await endOrphan(directory, 'a broker', silent)
    expect(identifyProcess(stranger.pid!)).toEqual(identity)
    stranger.kill('SIGKILL')
  })

  it('is held by one process at a time, and taken over from a dead one', async () => {
    const directory = makeDataDirectory()
    writeFileSync(join(directory, 'owner.lock'), JSON.stringify({ pid: process.pid, started: 'long ago' }))
    const contenders = Array.from({ length: 20 }, () => holdDirectory(directory, silent, 0))
    const held = (await Promise.allSettled(contenders)).filter(result => result.status === 'fulfilled')
    expect(held).toHaveLength(1)
    await expect(holdDirectory(directory, silent, 0)).rejects.toThrow(`in use by process ${process.pid}`)
    held[0]?.value.release()
    held[0]?.value.release()
    ;(await holdDirectory(directory, silent, 0)).release()
    expect(() => readFileSync(join(directory, 'owner.lock'))).toThrow('ENOENT')
  })
})
