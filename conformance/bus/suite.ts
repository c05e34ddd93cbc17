/** Buses over brokers of others by the contract of `@clarion/bus`: the examples for Redis and NATS, each against its real server and client. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type JetStream, NatsBus, type NatsBusOptions } from '../../sdks/bus/examples/nats-bus.ts'
import { RedisBus, type RedisClient } from '../../sdks/bus/examples/redis-bus.ts'
import { type ContractSubject, contractCases } from '../../sdks/bus/src/contract/index.ts'
import type { Suite, SuiteResult } from '../suite.ts'
import { runTool } from '../webhooks/run-tool.ts'
import { startNats, startRedis } from './servers.ts'

/** A bus under test, and the end of what it needs. */
interface Prepared {
  open: ContractSubject['open']
  end(): Promise<void>
}

export const suite: Suite = {
  title: 'buses over Redis and NATS, by the contract of @clarion/bus',
  needs: [{ tool: 'npm', why: 'install the clients of Redis and NATS' }],
  async run(log) {
    const directory = mkdtempSync(join(tmpdir(), 'clarion-bus-'))
    try {
      const clients = join(directory, 'node')
      cpSync(join(import.meta.dirname, 'node'), clients, { recursive: true })
      await runTool('npm', ['install', '--no-audit', '--no-fund', '--silent'], { cwd: clients })
      const results = [
        await hold(log, 'Redis', () => prepareRedis(clients, directory)),
        await hold(log, 'NATS', () => prepareNats(clients, directory)),
      ]
      return results.reduce((all, each) => ({ passed: all.passed + each.passed, failed: all.failed + each.failed }))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** A broker that is not there fails by its name, and the other one goes on. */
async function hold(log: (line: string) => void, name: string, prepare: () => Promise<Prepared>): Promise<SuiteResult> {
  let prepared: Prepared
  try {
    prepared = await prepare()
  } catch (error) {
    log(`FAILED  ${name}: not run: ${(error as Error).message}`)
    return { passed: 0, failed: 1 }
  }
  const result = { passed: 0, failed: 0 }
  const { open } = prepared
  try {
    for (const { title, run } of contractCases({ open, failures: 'dead-letter', isDurable: true })) {
      const problem = await run().then(
        () => undefined,
        (error: Error) => error,
      )
      log(`${problem === undefined ? 'ok    ' : 'FAILED'}  ${name}: ${title}${problem ? `: ${problem.message}` : ''}`)
      result[problem === undefined ? 'passed' : 'failed']++
    }
  } finally {
    await prepared.end()
  }
  return result
}

/** A package of the suite's directory. */
const load = <T>(clients: string, name: string): Promise<T> =>
  import(pathToFileURL(createRequire(join(clients, 'package.json')).resolve(name)).href)

async function prepareRedis(clients: string, directory: string): Promise<Prepared> {
  const server = await startRedis(directory)
  const { createClient } = await load<{ createClient(options: object): RedisClient }>(clients, 'redis')
  const client = createClient({ url: `redis://127.0.0.1:${server.port}` })
  client.on('error', () => undefined)
  await client.connect()
  return {
    open: ({ reader, ...settings }) => new RedisBus({ client, stream: 'events', group: reader, ...settings }),
    async end() {
      client.destroy()
      await server.stop()
    },
  }
}

interface Connection {
  close(): Promise<void>
}
interface Manager {
  streams: {
    add(settings: object): Promise<unknown>
    info(stream: string): Promise<{ state: { last_seq: number } }>
  }
}

async function prepareNats(clients: string, directory: string): Promise<Prepared> {
  const store = join(directory, 'nats')
  mkdirSync(store)
  const server = await startNats(store)
  const { connect } = await load<{ connect(options: object): Promise<Connection> }>(clients, '@nats-io/transport-node')
  const { jetstream, jetstreamManager } = await load<{
    jetstream(connection: Connection): JetStream
    jetstreamManager(connection: Connection): Promise<Manager>
  }>(clients, '@nats-io/jetstream')
  const { Kvm } = await load<{
    Kvm: new (connection: Connection) => { create(name: string): Promise<NatsBusOptions['places']> }
  }>(clients, '@nats-io/kv')
  const connection = await connect({ servers: `127.0.0.1:${server.port}` })
  const manager = await jetstreamManager(connection)
  const stream = 'events'
  await manager.streams.add({ name: stream, subjects: ['events.>'] })
  const places = await new Kvm(connection).create('places')
  const lastSequence = async () => (await manager.streams.info(stream)).state.last_seq
  const fixed = { jetstream: jetstream(connection), places, lastSequence, stream, subject: 'events.all' }
  return {
    open: ({ reader, ...settings }) => new NatsBus({ ...fixed, reader, ...settings }),
    async end() {
      await connection.close()
      await server.stop()
    },
  }
}
