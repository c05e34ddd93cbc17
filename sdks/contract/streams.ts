/** A server of scripted streams: each connection gets the next script, and what it sent is noted. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type StreamStep =
  | { line: object }
  | { refusal: number; code: string; retryAfterS?: number }
  | 'cut'
  | 'half a line'

export interface StreamServer {
  /** Of a scenario that nobody has run yet. */
  urlOf(scenario: number, connections: readonly StreamStep[][]): string
  /** The query of each connection. */
  queriesOf(scenario: number): Array<Record<string, string>>
  close(): Promise<void>
}

export async function createStreamServer(): Promise<StreamServer> {
  const scripts = new Map<number, readonly StreamStep[][]>()
  const queries = new Map<number, Array<Record<string, string>>>()
  const server = createServer((request, response) => {
    const [, number] = /^\/(\d+)\//.exec(request.url!)!
    const made = queries.get(Number(number)) ?? []
    queries.set(Number(number), made)
    made.push(Object.fromEntries(new URL(request.url!, 'http://x').searchParams))
    const steps = scripts.get(Number(number))![made.length - 1] ?? [{ refusal: 410, code: 'invalid_cursor' }]
    for (const step of steps) {
      // Behind what was written before.
      if (step === 'cut') return void response.write('\n', () => response.destroy())
      if (step === 'half a line') response.write('{"type":"event","cursor":"never')
      else if ('refusal' in step) {
        const after = step.retryAfterS === undefined ? {} : { 'retry-after': String(step.retryAfterS) }
        const error = { code: step.code, message: 'm', requestId: 'req_1', retryable: false }
        response.writeHead(step.refusal, { 'content-type': 'application/json', ...after })
        response.end(JSON.stringify({ success: false, error }))
        return
      } else response.write(`${JSON.stringify(step.line)}\n`)
    }
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    urlOf(scenario, connections) {
      scripts.set(scenario, connections)
      return `${base}/${scenario}`
    },
    queriesOf: scenario => queries.get(scenario) ?? [],
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}
