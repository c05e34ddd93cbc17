/** The bus as it is published: built by `tsc`, used by programs that know nothing of TypeScript, of this repository, or of kafkajs. */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const sources = join(root, 'sdks', 'bus')
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const directory = mkdtempSync(join(tmpdir(), 'clarion-bus-'))
const installed = join(directory, 'node_modules', '@clarion', 'bus')

const execute = promisify(execFile)
const node = (...args: string[]) =>
  execute(process.execPath, args, { cwd: directory, env: { PATH: process.env.PATH, HOME: directory } }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  )

beforeAll(async () => {
  mkdirSync(installed, { recursive: true })
  const built = await node(tsc, '-p', join(sources, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))
  expect(built).toEqual({ code: 0, stdout: '', stderr: '' })
  copyFileSync(join(sources, 'package.json'), join(installed, 'package.json'))
}, 120_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('the built package', () => {
  it('runs in a plain program without any other package, and says what KafkaBus needs', async () => {
    const program = `
      import { createBus, KafkaBus, newEvent } from '@clarion/bus'
      const bus = createBus()
      bus.subscribe(({ type, payload }) => console.log(type, payload.total), 'order.paid')
      await bus.publish(newEvent('order.paid').withPayload({ total: 12.5 }))
      await bus.close()
      const kafka = { producer: () => ({}), consumer: () => ({}) }
      const durable = new KafkaBus({ kafka, publishTopic: 't', readTopic: 't', groupId: 'g' })
      console.log(await durable.publish(newEvent('order.paid')).catch(({ code, message }) => code + ': ' + message))
    `
    writeFileSync(join(directory, 'program.mjs'), program)
    const ran = await node('--no-experimental-strip-types', '--disable-warning=ExperimentalWarning', 'program.mjs')
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^order.paid 12.5\nbus_unavailable: .*npm install kafkajs/)
    const { dependencies, peerDependenciesMeta } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    expect([dependencies, peerDependenciesMeta]).toEqual([undefined, { kafkajs: { optional: true } }])
  })

  it('has the contract, which runs in the test runner of Node', async () => {
    const program = `
      import { describe, it } from 'node:test'
      import { InMemoryBus } from '@clarion/bus'
      import { describeContract } from '@clarion/bus/contract'
      class Deaf extends InMemoryBus { recent() { return [] } }
      for (const Bus of [InMemoryBus, Deaf])
        describeContract(Bus.name, { open: options => new Bus(options), failures: 'publisher', isDurable: false }, { describe, it })
    `
    writeFileSync(join(directory, 'contract.test.mjs'), program)
    const { code, stdout } = await node('--test', '--test-reporter=tap', 'contract.test.mjs')
    expect(code).toBe(1)
    expect(stdout).toMatch(/# pass 44\n# fail 2\n/)
    expect(stdout).toMatch(/not ok \d+ - recent has 1,000 events at most/)
  })

  it('has types that need no kafkajs: a handler, an adapter, and settings that do not fit', async () => {
    const consumer = `
      import { type Bus, createBus, DurableBus, type Event, newEvent, type Transport } from '@clarion/bus'
      import { contractCases } from '@clarion/bus/contract'
      const bus: Bus = createBus({ kind: 'memory', deadLetter: (event, error) => console.log(event.id, error.message) })
      const subscription = bus.subscribe(async (event: Event, { attempt, signal }) => {
        if (attempt > 1 && signal.aborted) console.log(event.subject)
      })
      export const id: string = subscription.id
      export const total: number = newEvent('order.paid').withPayload({ total: 1 }).payload.total
      // @ts-expect-error an event is immutable
      newEvent('order.paid').type = 'another'
      // @ts-expect-error a bus over Kafka needs its client
      createBus({ kind: 'kafka', publishTopic: 't', readTopic: 't', groupId: 'g' })
      export const durable = (transport: Transport) => new DurableBus(transport)
      export const cases = contractCases({ open: () => bus, failures: 'publisher', isDurable: false }).map(({ title }) => title)
    `
    writeFileSync(join(directory, 'consumer.mts'), consumer)
    const typeRoots = join(root, 'node_modules', '@types')
    const target = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node', '--typeRoots', typeRoots]
    expect(await node(tsc, '--strict', '--noEmit', ...target, 'consumer.mts')).toEqual({ code: 0, stdout: '', stderr: '' }) // biome-ignore format: one thought
  })
})
