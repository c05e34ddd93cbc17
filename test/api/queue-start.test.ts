/** Where a new queue begins: looked up in the log, which may have no leader for a moment. */
import { expect, it } from '@jest/globals'
import { createQueueHandlers } from '../../src/api/queues/handlers.ts'
import { KafkaError } from '../../src/kafka/protocol/wire.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const CALL = {
  principal: { kind: 'key', key: { environment: 'live' }, organization: { id: 'org_a' } },
  body: { name: 'jobs', selectors: ['*'] },
} as never

/** The log cannot be read so often. */
function setup(failures: number) {
  const clock = createManualClock()
  const starts: number[][] = []
  const handlers = createQueueHandlers({
    ...{ clock, queueCalls: {} as never },
    view: { list: () => [{ id: 'que_1' }], organization: () => ({ plan: 'PRO' }) } as never,
    queues: {
      create: async (_caller: unknown, _owner: unknown, _input: unknown, offsets: number[]) => {
        starts.push(offsets)
        return { id: 'que_1', organizationId: 'org_a', active: true }
      },
    } as never,
    streaming: {
      resume: {
        async start() {
          if (failures-- > 0) throw new KafkaError('LEADER_NOT_AVAILABLE', 'no leader')
          return { offsets: [7n] }
        },
      },
    } as never,
  })
  /** Time passes while it waits. */
  async function created() {
    const creating = handlers.create(CALL).catch(error => error)
    for (let moment = 0; moment < 100; moment++) {
      await new Promise(resolve => setImmediate(resolve))
      clock.advance(50)
    }
    return creating
  }
  return { created, starts }
}

it('a queue that is made in the moments after its organization waits for the leader of the log', async () => {
  const { created, starts } = setup(5)
  expect(await created()).toMatchObject({ data: { id: 'que_1', receivable: true } })
  expect(starts).toEqual([[7]])
})

it('a log that cannot be read for seconds is refused, and no queue is made', async () => {
  const { created, starts } = setup(1_000)
  expect(await created()).toMatchObject({ code: 'service_unavailable', retryAfterS: 1 })
  expect(starts).toEqual([])
})
