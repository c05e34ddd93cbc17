/** The receiver of deliveries: takes every request, answers 204, and reports their number to its parent ten times a second. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSystemClock } from '../../src/clock.ts'
import type { Sample } from '../rates.ts'

export type ReceiverMessage = { port: number } | Sample

const TELL_MS = 100
const clock = createSystemClock()
let total = 0
let told = 0

process.once('disconnect', () => process.exit(0))
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume()
  request.once('end', () => {
    total++
    response.writeHead(204).end()
  })
})
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send!({ port: (server.address() as AddressInfo).port } satisfies ReceiverMessage)
  void tell()
})

async function tell(): Promise<void> {
  for (;;) {
    await clock.sleep(TELL_MS)
    if (total === told) continue
    told = total
    process.send!({ atMs: clock.monotonicMs(), total } satisfies ReceiverMessage)
  }
}
