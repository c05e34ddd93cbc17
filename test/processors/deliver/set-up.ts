/** The set-up of a test file on a real broker: topics for the file; receivers and shards that end with each test. */
import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { type Answer, createReceiver, type ReceivedRequest, type ReceiverOptions } from '../../support/receiver.ts'
import { createHarness, type Harness, type RunningShard, type Stage } from './harness.ts'

/** The time scale of a shard: one minute becomes 30 ms. */
export const FAST = 0.0005

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))
export const idOf = (request: ReceivedRequest) => request.headers['x-delivery-id']!
export const attemptOf = (request: ReceivedRequest) => request.headers['x-delivery-attempt']!

/** Call this once, at the top of the file. */
export function useHarness() {
  let harness: Harness
  const closing: Array<() => Promise<unknown>> = []
  beforeAll(async () => {
    harness = await createHarness()
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  afterAll(() => harness.close())

  return {
    /** Closes something when the test ends, the newest first. */
    onEnd: (close: () => Promise<unknown>) => void closing.push(close),
    /** A shard that does not run yet. */
    newStage: () => harness.stage(),
    async receiver(
      answer: (request: ReceivedRequest) => Answer = () => ({ status: 200 }),
      options: Omit<ReceiverOptions, 'answer'> = {},
    ) {
      const made = await createReceiver({ ...options, answer })
      closing.push(() => made.close())
      return made
    },
    run(stage: Stage, overrides: Parameters<Stage['run']>[0] = {}): RunningShard {
      const running = stage.run(overrides)
      closing.push(() => running.crash())
      return running
    },
  }
}
