/** Reading the log with the kit while the broker is killed and comes back. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { testsUseContainers } from '../support/containers.ts'
import { startPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'
import { begin, emit, kinds, platform, read, takePlatform } from './consumed-log.ts'

beforeAll(async () => takePlatform(await startPlatform()), 120_000)
afterAll(() => platform?.stop(), 60_000)

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
