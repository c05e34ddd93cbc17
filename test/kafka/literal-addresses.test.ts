import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from '@jest/globals'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'

it.each(['::1', '127.0.0.1'])('a broker at %s is connected to there', async address => {
  const broker = createServer()
  await new Promise<void>(resolve => broker.listen(0, address, resolve))
  const connected = new Promise<void>(resolve => {
    broker.on('connection', socket => {
      resolve()
      socket.destroy()
    })
  })
  const { port } = broker.address() as AddressInfo
  const host = address.includes(':') ? `[${address}]` : address
  const opening = openWire({ brokers: [`${host}:${port}`], clientId: 'test' }, createLogger('silent'))
  await Promise.all([connected, expect(opening).rejects.toThrow()])
  broker.close()
})
