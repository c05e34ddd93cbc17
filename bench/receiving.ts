/** The receiver of deliveries in a process of its own, and the raw loop that sends to it. */
import type { RawSenderSettings } from './baselines/raw-sender.ts'
import type { ReceiverMessage } from './baselines/receiver.ts'
import type { Child } from './children.ts'
import { type Sample, steadyRate } from './rates.ts'
import { whole } from './table.ts'
import type { Testbed } from './testbed.ts'

const PATIENCE_MS = 240_000

/** Requests a second that undici can sign and POST, on 50 connections. */
export async function rawRate(testbed: Testbed, requests: number): Promise<number> {
  const receiver = await openReceiver(testbed)
  const sender = testbed.children.start({ file: new URL('baselines/raw-sender.ts', import.meta.url), ipc: true })
  sender.process.send({ port: receiver.port, requests } satisfies RawSenderSettings)
  await receiver.until(requests)
  const rate = steadyRate(receiver.samples, requests)
  await sender.end()
  await receiver.child.end()
  testbed.say(`raw sender: ${whole(rate)} requests/s`)
  return rate
}

export interface Receiver {
  child: Child
  port: number
  samples: Sample[]
  total(): number
  until(count: number): Promise<void>
}

export function openReceiver(testbed: Testbed): Promise<Receiver> {
  const child = testbed.children.start({ file: new URL('baselines/receiver.ts', import.meta.url), ipc: true })
  const samples: Sample[] = [{ atMs: 0, total: 0 }]
  const total = () => samples.at(-1)!.total
  let onProgress: () => void = () => undefined
  return new Promise(resolve => {
    child.process.on('message', message => {
      const told = message as ReceiverMessage
      if (!('port' in told)) {
        samples.push(told)
        onProgress()
        return
      }
      const until = (count: number) =>
        new Promise<void>((done, fail) => {
          const patience = testbed.clock.after(PATIENCE_MS, () =>
            fail(new Error(`${total()} of ${count} requests came`)),
          )
          onProgress = () => {
            if (total() < count) return
            patience.cancel()
            done()
          }
          onProgress()
        })
      resolve({ child, port: told.port, samples, total, until })
    })
  })
}
