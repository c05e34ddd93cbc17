import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import { type InstanceSlot, openInstanceSlot } from '../../src/kafka/runtime/instance-slot.ts'
import { createLogger } from '../../src/logger.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

const random = createSystemRandom()

function setup() {
  const directory = join(makeDataDirectory(), 'leases')
  const clock = createManualClock(Date.now())
  const living = new Set<number>()
  let pids = 100
  return {
    directory,
    clock,
    living,
    open(changes: { host?: string; role?: string } = {}): InstanceSlot & { pid: number } {
      const pid = pids++
      living.add(pid)
      const { host = 'here', role = 'admit' } = changes
      const isAlive = (process: { pid: number }) => living.has(process.pid)
      const machine = { host, self: { pid, started: `at ${pid}` }, isAlive }
      const slot = openInstanceSlot({ directory, role, machine, clock, random, logger: createLogger('silent') })!
      return { ...slot, pid }
    },
  }
}

describe('a slot of a data directory', () => {
  it('is kept by a process that was killed: the next one takes it, and its name', () => {
    const { open, living } = setup()
    const first = open()
    expect(first.instanceId).toMatch(/^admit-0-[\w-]{12}$/)
    living.delete(first.pid)
    expect(open().instanceId).toBe(first.instanceId)
  })

  it('is one for each process and role, and comes back when its process ends', () => {
    const { open } = setup()
    const [first, second, other] = [open(), open(), open({ role: 'record' })]
    expect([second.instanceId, other.instanceId]).toEqual([
      expect.stringMatching(/^admit-1-/),
      expect.stringMatching(/^record-0-/),
    ])
    first.close()
    expect(open().instanceId).toBe(first.instanceId)
  })

  it('is not taken from a living process, however long that has been stopped', () => {
    const { open, directory } = setup()
    const first = open()
    utimesSync(join(directory, 'admit-0'), 0, 0)
    expect(open().instanceId).not.toBe(first.instanceId)
  })

  it('of another host is free ten seconds after its last touch, which comes every two', async () => {
    const { open, clock, directory } = setup()
    const first = open({ host: 'there' })
    for (let at = 0; at < 10; at++) {
      clock.advance(2_000)
      await readable(() => clock.pending() > 0)
    }
    expect(open().instanceId).not.toBe(first.instanceId)
    utimesSync(join(directory, 'admit-0'), new Date(clock.machineMs() - 10_001), new Date(clock.machineMs() - 10_001))
    expect(open().instanceId).toBe(first.instanceId)
  })

  it('that is damaged or removed gets another name, never one that may be in use', async () => {
    const { open, directory, clock, living } = setup()
    const first = open()
    const path = join(directory, 'admit-0')
    rmSync(path)
    clock.advance(2_000)
    await readable(() => readdirSync(directory).includes('admit-0'))
    expect(readFileSync(path, 'utf8')).toContain(first.instanceId.slice('admit-0-'.length))
    living.clear()
    writeFileSync(path, '{')
    utimesSync(path, 0, 0)
    expect(open().instanceId).toMatch(/^admit-0-/)
    expect(readdirSync(directory).filter(name => name.includes('.'))).toEqual([])
  })

  it('there is none in a directory that keeps no files', () => {
    const directory = makeDataDirectory()
    writeFileSync(join(directory, 'leases'), '')
    mkdirSync(join(directory, 'other'))
    const machine = { host: 'here', self: { pid: 1, started: '' }, isAlive: () => true }
    const slot = openInstanceSlot({
      directory: join(directory, 'leases'),
      role: 'admit',
      machine,
      clock: createManualClock(),
      random,
      logger: createLogger('silent'),
    })
    expect(slot).toBeUndefined()
  })
})

/** File calls end in real time. */
async function readable(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
