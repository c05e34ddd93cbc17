/** Every signal that stops the platform, and a stop at every moment of its start: it leaves nothing behind. */
import { describe, expect, it } from '@jest/globals'
import { identifyProcess } from '../src/embedded/process-identity.ts'
import { endStartWhen, MOMENTS, partsOf } from './started-program.ts'
import { startPlatform } from './support/platform.ts'

describe('a signal', () => {
  it.each(['SIGHUP', 'SIGQUIT', 'SIGTERM'] as const)(
    '%s drains a platform, which leaves nothing behind',
    async signal => {
      const platform = await startPlatform()
      const parts = partsOf(platform.dataDir)
      expect(parts).toHaveLength(2)
      process.kill(platform.pid, signal) // to it alone: a terminal would tell the whole group
      expect(await platform.stop(signal)).toBe(0)
      expect(parts.map(pid => identifyProcess(pid))).toEqual([undefined, undefined])
    },
    120_000,
  )

  it.each(Object.keys(MOMENTS) as Array<keyof typeof MOMENTS>)(
    'ends a start at any moment, and what it had started: when %s',
    moment => endStartWhen(MOMENTS[moment]),
    120_000,
  )
})
