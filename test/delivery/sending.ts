/** Shared by the tests of sending: a sender that reaches loopback, receivers that write bytes, and their end after each test. */
import { afterEach } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { createAddressGuard } from '../../src/delivery/address-guard.ts'
import { createSender, type Sender, type SenderOptions } from '../../src/delivery/send.ts'
import {
  createRawReceiver,
  type RawReceiver,
  type RawReceiverOptions,
  type RawRequest,
} from '../support/raw-receiver.ts'

export interface Sending {
  /** A receiver that answers each request with these bytes, or as it likes. */
  answering(
    answer: string | ((request: RawRequest) => unknown),
    options?: Partial<RawReceiverOptions>,
  ): Promise<RawReceiver>
  sender(options?: Partial<SenderOptions>): Sender
}

export const loopbackGuard = () =>
  createAddressGuard({ allow: ['127.0.0.0/8'], allowHttp: true, ownAddresses: () => [] })

export const post = (url: string, timeoutMs = 30_000) => ({
  url,
  body: Buffer.from('{"n":1}'),
  headers: { 'X-Event-Id': 'evt_1' },
  timeoutMs,
})

export function openSending(): Sending {
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  return {
    async answering(answer, options = {}) {
      const write = typeof answer === 'string' ? ({ socket }: RawRequest) => socket.write(answer, 'latin1') : answer
      const made = await createRawReceiver({ ...options, answer: write })
      cleanups.push(() => made.close())
      return made
    },
    sender(options = {}) {
      const made = createSender({ guard: loopbackGuard(), clock: createSystemClock(), ...options })
      cleanups.push(() => made.close())
      return made
    },
  }
}
