/** Readers of an organization's log from its start, each in its own way; none of them reconnects by itself but the pull. */
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { isEvent, openStream } from '../support/stream-client.ts'
import type { Organization } from './emitting.ts'

export interface LogReader {
  name: string
  /** Sequence numbers in the order in which they came. */
  numbers(): number[]
  /** Gaps, ends and refusals. */
  faults(): string[]
  close(): void
}

export async function startReaders(base: string, organization: Organization): Promise<LogReader[]> {
  return [await startStream(base, organization), await startSocket(base, organization), startPulls(base, organization)]
}

async function startStream(base: string, { apiKey }: Organization): Promise<LogReader> {
  const client = await openStream(`${base}/api/v1/events/stream?types=*&from=earliest`, { key: apiKey })
  return {
    name: 'stream',
    numbers: () => client.frames.filter(isEvent).map(({ data }) => data.sequence),
    faults() {
      const frames = client.frames.filter(({ event }) => event === 'end' || event === 'gap').map(({ event }) => event)
      return client.isEnded() ? [...frames, 'cut'] : frames
    },
    close: () => client.close(),
  }
}

async function startSocket(base: string, { apiKey }: Organization): Promise<LogReader> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v1/events/ws`, ['clarion.v1'], {
    headers: { authorization: `Bearer ${apiKey}` },
  })
  const numbers: number[] = []
  const faults: string[] = []
  socket.on('message', data => {
    const message = JSON.parse(String(data)) as { type: string; event?: { sequence: number } }
    if (message.type === 'event') numbers.push(message.event!.sequence)
    else if (['end', 'gap', 'error'].includes(message.type)) faults.push(String(data))
  })
  socket.on('close', code => faults.push(`closed ${code}`))
  socket.on('error', () => undefined)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  socket.send(JSON.stringify({ type: 'subscribe', id: 's', types: '*', from: 'earliest' }))
  return { name: 'WebSocket', numbers: () => numbers, faults: () => faults, close: () => socket.terminate() }
}

/** While the log cannot be read the call is repeated, at the same place. */
function startPulls(base: string, { apiKey }: Organization): LogReader {
  const numbers: number[] = []
  const faults: string[] = []
  const stopping = new AbortController()
  async function run(): Promise<void> {
    for (let place = 'from=earliest'; !stopping.signal.aborted; ) {
      const answer = await fetch(`${base}/api/v1/events?types=*&waitSeconds=5&${place}`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: stopping.signal,
      }).catch(() => undefined)
      if (answer?.status === 200) {
        const page = (await answer.json()) as { data: Array<{ sequence: number }>; meta: { nextCursor: string } }
        numbers.push(...page.data.map(({ sequence }) => sequence))
        place = `cursor=${page.meta.nextCursor}`
      } else if (answer !== undefined && answer.status !== 503) faults.push(`${answer.status} ${await answer.text()}`)
      else await pause(100)
    }
  }
  const running = run().catch(error => void faults.push(String(error)))
  return {
    name: 'pull',
    numbers: () => numbers,
    faults: () => faults,
    close() {
      stopping.abort()
      void running
    },
  }
}
