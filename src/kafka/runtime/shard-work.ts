/** A processor whose calls run as the work of their shard: an error that nothing handled ends that shard's session, and no other. */
import { runAs, type ShardWork } from '../../work.ts'
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

function taskAs(work: ShardWork, task: ShardTask): ShardTask {
  return {
    restore: record => runAs(work, () => task.restore(record)),
    start: () => runAs(work, () => task.start()),
    receive: (records, nextOffset, isolated) => runAs(work, () => task.receive(records, nextOffset, isolated)),
    seal: () => runAs(work, () => task.seal()),
    ...(task.committed && { committed: () => runAs(work, () => task.committed?.()) }),
    ...(task.drain && { drain: () => runAs(work, async () => task.drain?.()) }),
    close: () => runAs(work, () => task.close()),
  }
}
