/** A cluster that is not the platform's: topics in it, and what has been written into them. */
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { testRuntime } from '../support/runtime.ts'

export interface ForeignCluster {
  servers: string[]
  sasl: { mechanism: 'SCRAM-SHA-512'; username: string; password: string }
  topic(partitions: number, settings?: Record<string, string>): Promise<string>
  /** Waits until there are as many. */
  read(topic: string, count: number): Promise<LogRecord[]>
}

export async function foreignCluster(): Promise<ForeignCluster> {
  const runtime = closedInTheEnd(await testRuntime())
  const { brokers, username = '', password = '' } = runtime.kafka
  const partitionsOf = new Map<string, number>()
  return {
    servers: brokers,
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    async topic(partitions, settings = {}) {
      const topic = await runtime.createTopic(`sink-${partitionsOf.size}`, partitions, settings)
      partitionsOf.set(topic, partitions)
      return topic
    },
    async read(topic, count) {
      const tails = Array.from({ length: partitionsOf.get(topic)! }, (_, partition) => runtime.tail(topic, partition))
      const all = () => tails.flatMap(({ records }) => records)
      await Promise.race(tails.map(tail => tail.until(() => all().length >= count)))
      return all()
    },
  }
}

/** Listens on loopback; answers its address. */
export async function listening(onSocket: (socket: Socket) => void): Promise<string> {
  const open = new Set<Socket>()
  const server: Server = createServer(socket => {
    open.add(socket.on('error', () => undefined))
    onSocket(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closedInTheEnd({
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  })
  const address = server.address()
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** Another way to a server. */
export const relayTo = (server: string): Promise<string> =>
  listening(socket => {
    const [host, port] = server.split(':')
    const onward = createConnection({ host: host!, port: Number(port) }).on('error', () => socket.destroy())
    socket.pipe(onward).pipe(socket)
  })
