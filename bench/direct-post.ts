/** The receiver of the peer benchmark without anything between: one POST and its answer, at a constant rate. */
import { openLoop } from './loops.ts'
import type { Latency } from './peer-harness.ts'
import { createHttpClient } from './platform-process.ts'
import { percentile } from './rates.ts'
import type { Testbed } from './testbed.ts'

export async function postDirect({ clock }: Testbed, port: number, rate: number, seconds: number): Promise<Latency> {
  const receiver = createHttpClient(`http://127.0.0.1:${port}`, {})
  const body = JSON.stringify({ run: 'direct', n: 0, sentAt: 0, note: 'x'.repeat(960) })
  const { latenciesMs } = await openLoop(clock, rate, seconds, async () => {
    await receiver.send('POST', '/e/0', body)
  })
  await receiver.close()
  return { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) }
}
