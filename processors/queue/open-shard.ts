/** One shard of `queue`: its parts in dependency order, and the calls of the runtime. */
import type { Timer } from '../../src/clock.ts'
import type { ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { createPositions } from '../../src/kafka/runtime/positions.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { queuePositionCodec, queueStateKeys, queuesState } from '../../topics/queues-state.ts'
import { createAnswers } from './answers.ts'
import { createCalls } from './calls.ts'
import type { QueueDependencies } from './dependencies.ts'
import { createInputs } from './inputs.ts'
import { createQueues, type Queues } from './queues.ts'
import { createReceives } from './receives.ts'
import { createQueueReplays } from './replays.ts'

/** By then this process has read every queue that was made before. */
const SWEEP_AFTER_MS = 60_000

export function openShard(handle: ShardHandle, deps: QueueDependencies, open: Set<Queues>): ShardTask {
  const { view, clock, logger, observe } = deps
  const positions = createPositions(handle, {
    ...{ stateTopic: queuesState.name, key: queueStateKeys.position, codec: queuePositionCodec },
  })
  const answers = createAnswers(handle, clock)
  let isClosed = false
  const guarded = (act: () => void): void => {
    if (isClosed) return
    try {
      act()
    } catch (error) {
      handle.fail(error as Error)
    }
  }
  const replays = createQueueReplays({
    ...{ handle, deps },
    isPurged: (organizationId, queueId, replayId) =>
      queues.open(organizationId, queueId)?.purgedReplays.includes(replayId) ?? false,
    onNew(queueId) {
      guarded(() => {
        const queue = queues.find(queueId)
        if (queue !== undefined && queue.waiting.size > 0) receives.serve(queue)
      })
    },
  })
  const receives = createReceives({
    ...{ clock, logger, answers, guarded, replays },
    onHandedOut: count => observe.messages('received', count),
  })
  const queues = createQueues({ handle, deps, guarded, onNew: queue => guarded(() => receives.serve(queue)) })
  const calls = createCalls({ deps, queues, receives, replays, answers, guarded })
  const inputs = createInputs({ handle, deps, positions, calls, answers })
  let stopListening = (): void => undefined
  let sweeping: Timer | undefined

  /** Of a queue that is gone or switched off nobody receives any more. */
  function changed(organizationId: string, queueId: string): void {
    if (shardOf(organizationId, deps.shards) !== handle.shard) return
    const at = queues.find(queueId)
    const record = view.find('queue', organizationId, queueId)
    if (at !== undefined && record === undefined) receives.end(at, 'not_found', 'The queue was deleted.')
    if (record === undefined) {
      replays.end(queueId, 'target_deleted')
      queues.drop(organizationId, queueId)
      handle.write([])
    } else if (at !== undefined && !record.active)
      receives.end(at, 'queue_inactive', 'The queue was switched off: activate it first.')
  }

  return {
    restore({ key, value }) {
      const parsed = queueStateKeys.parse(key?.toString() ?? '')
      if (parsed === undefined) return
      if ('position' in parsed) positions.restore(parsed.position, value)
      else if ('replay' in parsed) replays.restore(parsed.replay, value)
      else if ('group' in parsed) queues.restoreGroup(parsed.organizationId, parsed.queueId, parsed.group, value)
      else queues.restoreHead(parsed.organizationId, parsed.queueId, value)
    },
    start() {
      open.add(queues)
      queues.start()
      sweeping = clock.after(SWEEP_AFTER_MS, () => {
        guarded(() => {
          queues.sweep()
          handle.write([])
        })
      })
      stopListening = view.onChange((kind, organizationId, id) => {
        if (kind === 'queue') changed(organizationId, id)
      })
      replays.start()
      inputs.start()
    },
    receive: inputs.receive,
    seal: () => [...queues.seal(), ...answers.seal(), ...positions.seal(), ...replays.seal()],
    close() {
      isClosed = true
      open.delete(queues)
      stopListening()
      sweeping?.cancel()
      inputs.close()
      calls.close()
      replays.close()
      receives.close()
      queues.close()
    },
  }
}
