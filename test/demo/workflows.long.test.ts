/** The whole demo of workflows: every variant, and five `kill -9`. */
import { expect, it } from '@jest/globals'
import { startPlatform } from '../../demo/platform.ts'
import { createReceiver } from '../../demo/receiver.ts'
import { runWorkflows } from '../../demo/workflows/run.ts'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'

it('finds stock, invoices, events and runs the same on every side', async () => {
  const [clock, random, host] = [createSystemClock(), createSystemRandom(), '127.0.0.1']
  const { signal } = new AbortController()
  const quiet = { say: () => undefined, watch: () => undefined, end: () => undefined }
  const settings = { CLARION_TIME_SCALE: '0.05' }
  const platform = await startPlatform({
    ...{ environment: process.env, clock, random, signal, say: () => undefined, settings },
  })
  const receiver = await createReceiver({ host, clock })
  try {
    const { agrees, report } = await runWorkflows({ platform, receiver, host, clock, random, progress: quiet, signal })
    expect(report).not.toContain('differ')
    expect(agrees).toBe(true)
  } finally {
    await receiver.close()
    await platform.close()
  }
}, 900_000)
