/** Free ports on loopback. */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range for ports of outgoing connections: a port chosen today is likely to be free tomorrow. */
const RANGE = [14_000, 32_000] as const

export async function chooseFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(...RANGE)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

/** Whether a program could listen on the port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
