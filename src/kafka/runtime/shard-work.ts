/**
 * A processor whose calls run as the work of their shard: an unhandled error ends that shard's session, and no other.
 */
import { runAs, type ShardWork } from '../../process/work.ts'
import type { Processor, ShardHandle, ShardTask } from '../ports.ts'

export function asShardWork(processor: Processor): Processor {
  return {
    ...processor,
    open(handle) {
      const work = workOf(handle)
      return taskAs(
        work,
        runAs(work, () => processor.open(handle)),
      )
    },
  }
}

const workOf = ({ role, shard, fail }: ShardHandle): ShardWork => ({ of: 'shard', role, shard, fail })

/** Wraps every method of the task, including later additions. */
function taskAs(work: ShardWork, task: ShardTask): ShardTask {
  const calls = Object.entries(task).map(([name, call]: [string, (...given: unknown[]) => unknown]) => [
    name,
    (...given: unknown[]) => runAs(work, () => call.apply(task, given)),
  ])
  return Object.fromEntries(calls) as ShardTask
}
