import type { Role } from '../../topics/topic.ts'
import type { Processor } from '../kafka/ports.ts'
import { asShardWork } from '../kafka/runtime/shard-work.ts'
import { runShardedProcessor } from '../kafka/runtime/sharded-processor.ts'
import type { Parts } from './parts.ts'

/** Runs a processor's shards in the group of its role; the process is ready when all of them are. */
export function runProcessor(
  { closing, missing, ailing, runningRoles, metrics, readers, identity, wire, ...parts }: Parts,
  processor: Processor,
) {
  const { kafka, clock, random, logger, onFatal } = parts
  const running = runShardedProcessor({
    ...{ kafka, clock, random, logger, onFatal },
    cluster: wire.cluster,
    processor: asShardWork(processor),
    metrics: { ...metrics.shard, readers },
    identity,
  })
  closing.push(() => running.close())
  missing.push(() => running.missing())
  ailing.push(() => running.degraded())
  runningRoles.push({ role: processor.role as Role, processor: running })
  return running
}
