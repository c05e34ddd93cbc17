/** The documented behaviour of SQS in the operations that queues have, case by case, by the AWS SDK. */
import { beforeAll, describe, it } from '@jest/globals'
import { sharedPlatform } from '../../support/platform.ts'
import type { Case } from './cases.ts'
import { QUEUE_CASES } from './queue-cases.ts'
import { RECEIVE_CASES } from './receive-cases.ts'
import { FIFO_CASES, SETTLE_CASES } from './settle-cases.ts'
import { openSqsQueues } from './sqs-queues.ts'

const SECTIONS: Array<[string, Case[]]> = [
  ['queues', QUEUE_CASES],
  ['receiving', RECEIVE_CASES],
  ['settling', SETTLE_CASES],
  ['FIFO', FIFO_CASES],
]

/** Each has queues and events of its own, and many wait for something: they run together. */
const results = new Map<Case, PromiseSettledResult<void>>()
beforeAll(async () => {
  const queues = await openSqsQueues(await sharedPlatform())
  const cases = SECTIONS.flatMap(([, list]) => list)
  const settled = await Promise.allSettled(cases.map(([, run], at) => run(queues.scope(`case${at}`))))
  for (const [at, each] of cases.entries()) results.set(each, settled[at]!)
}, 180_000)

describe.each(SECTIONS)('%s', (_, cases) => {
  for (const each of cases)
    it(each[0], () => {
      const result = results.get(each)!
      if (result.status === 'rejected') throw result.reason
    })
})
