/** Queues of others, driven by the same load as ours: consumers that take up to so many messages, and settle them. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../../../src/clock.ts'
import type { Testbed } from '../../testbed.ts'

export interface OtherQueues {
  /** Puts so many messages of 490 bytes into each of them. */
  fill(perQueue: number): Promise<void>
  /** One receive and the settling of what it brought; answers how many there were. */
  cycle(queue: number, max: number, consumer: number): Promise<number>
  close(): Promise<void>
}

export interface OtherQueue {
  name: string
  /** False: it hands out one message at a time. */
  takesMany: boolean
  /** Throws with a sentence where a part of it is missing. */
  open(testbed: Testbed, queues: number): Promise<OtherQueues>
}

export const BODY = JSON.stringify({ id: 'evt', data: 'x'.repeat(470) })

const LISTENS_MS = 60_000
const LISTENS_POLL_MS = 200

/** Cycles a second; undefined, and said by name, where a part is missing. */
export async function otherRate(
  testbed: Testbed,
  { name, open }: OtherQueue,
  load: { consumers: number; max: number; queues: number; perQueue: number },
): Promise<number | undefined> {
  const { clock, say } = testbed
  const { consumers, max, queues, perQueue } = load
  let opened: OtherQueues
  try {
    opened = await open(testbed, queues)
  } catch (error) {
    say(`no baseline ${name}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    return undefined
  }
  try {
    await opened.fill(perQueue)
    const left = Array.from({ length: queues }, () => perQueue)
    let cycles = 0
    const consume = async (consumer: number) => {
      const queue = consumer % queues
      while (left[queue]! > 0) {
        left[queue]! -= max
        if ((await opened.cycle(queue, max, consumer)) > 0) cycles++
      }
    }
    const startedMs = clock.monotonicMs()
    await Promise.all(Array.from({ length: consumers }, (_, consumer) => consume(consumer)))
    const rate = cycles / ((clock.monotonicMs() - startedMs) / 1_000)
    say(`${name}, receives of ${max}, ${consumers} consumers: ${Math.round(rate)} cycles/s`)
    return rate
  } finally {
    await opened.close()
  }
}

/** A server that ends with the run, by its own pid. */
export function launch(command: string, args: readonly string[]): { child: ChildProcess; end(): Promise<void> } {
  const child = spawn(command, args, { stdio: 'ignore' })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    child,
    async end() {
      child.kill('SIGTERM')
      await gone
      process.off('exit', kill)
    },
  }
}

/** Until it answers. */
export async function untilItAnswers(clock: Clock, ask: () => Promise<unknown>): Promise<void> {
  const untilMs = clock.monotonicMs() + LISTENS_MS
  for (;;) {
    try {
      await ask()
      return
    } catch (error) {
      if (clock.monotonicMs() > untilMs) throw error
      await clock.sleep(LISTENS_POLL_MS)
    }
  }
}
