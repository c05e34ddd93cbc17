/**
 * One idempotent producer's way of getting batches into partitions: sequences kept right, a batch that may not have arrived sent again
 * as it was (the broker tells a repetition by its sequence), never rolled back. Shared by the transactional writer and the appender.
 */
import type { Clock } from '../../clock.ts'
import type { OutRecord } from '../ports.ts'
import { errorName, LEADER_MOVED, PRODUCE_AGAIN } from '../protocol/error-codes.ts'
import type { Leaders } from '../protocol/leaders.ts'
import { encodeBatch, encodedBytesMax } from '../protocol/record-batch.ts'
import { type PartitionBatch, type ProduceResult, produceRequest } from '../protocol/requests.ts'
import { joiningProduceRequest } from '../protocol/transaction-requests.ts'
import { KafkaError, type ProducerIdentity, type Wire } from '../protocol/wire.ts'

/** A batch this size is sent alone; the topics' limit is 8 MB. */
const SLICE_BYTES_MAX = 1024 * 1024
const SEQUENCE_MODULUS = 0x8000_0000

export interface ProducedBatch {
  records: OutRecord[]
  /** Undefined: appended at `baseOffset`. */
  error: KafkaError | undefined
  baseOffset: number
  logAppendTimeMs: number
}

/** Writes all records, in order per partition. Never throws: each batch carries its result. */
export type Produce = (records: readonly OutRecord[]) => Promise<ProducedBatch[]>

interface PendingBatch extends PartitionBatch {
  records: OutRecord[]
}

export function createProduce(deps: {
  wire: Wire
  leaders: Leaders
  clock: Clock
  identity: ProducerIdentity
  transactionalId: string | null
  /** Its partitions join the transaction by being written to (KIP-890), and need not be announced. */
  joining?: boolean
  /** How long a batch that was not acknowledged is sent again. */
  persistMs: number
}): Produce {
  const { wire, leaders, clock, identity, transactionalId } = deps
  const sequences = new Map<string, number>()

  const requestOf = (list: PartitionBatch[]) =>
    deps.joining && transactionalId !== null
      ? joiningProduceRequest(transactionalId, list, 30_000)
      : produceRequest(transactionalId, list, 30_000)

  function encode({ topic, partition, records, bytesMax }: Slice): PendingBatch {
    const key = `${topic}/${partition}`
    const baseSequence = sequences.get(key) ?? 0
    sequences.set(key, (baseSequence + records.length) % SEQUENCE_MODULUS)
    const transactional = transactionalId !== null
    const batch = encodeBatch(records, { ...identity, baseSequence, transactional, timestampMs: Math.round(clock.machineMs()) }, bytesMax)
    return { topic, partition, batch, records }
  }

  /** Sends one batch per partition; keeps at those that may go through later, until the deadline. */
  async function sendRound(batches: PendingBatch[]): Promise<ProducedBatch[]> {
    const deadline = clock.monotonicMs() + deps.persistMs
    const settled: ProducedBatch[] = []
    let open = batches
    for (let round = 0; open.length > 0; round++) {
      if (round > 0) await clock.sleep(Math.min(5 * 2 ** round, 250))
      const again: PendingBatch[] = []
      const late = clock.monotonicMs() >= deadline
      for (const { batch, result, error } of await sendOnce(open)) {
        const failure =
          error ??
          (result && result.errorCode !== 0 && result.errorCode !== 46
            ? new KafkaError(
                errorName(result.errorCode),
                `${batch.topic}/${batch.partition} refused the batch: ${errorName(result.errorCode)}`,
              )
            : undefined)
        if (failure && LEADER_MOVED.has(failure.type)) leaders.forget(batch.topic)
        if (failure && !late && (failure.type === 'CONNECTION' || PRODUCE_AGAIN.has(failure.type))) again.push(batch)
        else
          settled.push({
            records: batch.records,
            error: failure,
            baseOffset: result?.baseOffset ?? -1,
            logAppendTimeMs: result?.logAppendTimeMs ?? -1,
          })
      }
      open = again
    }
    return settled
  }

  async function sendOnce(batches: PendingBatch[]): Promise<Array<{ batch: PendingBatch; result?: ProduceResult; error?: KafkaError }>> {
    const byNode = new Map<number, PendingBatch[]>()
    const failed: Array<{ batch: PendingBatch; error: KafkaError }> = []
    try {
      await leaders.load(batches.map(each => each.topic))
    } catch (error) {
      return batches.map(batch => ({ batch, error: error as KafkaError }))
    }
    for (const batch of batches) {
      const node = leaders.known(batch.topic, batch.partition)
      if (node === undefined) {
        leaders.forget(batch.topic)
        failed.push({ batch, error: new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${batch.topic}/${batch.partition} has no leader now`) })
      } else if (byNode.has(node)) byNode.get(node)!.push(batch)
      else byNode.set(node, [batch])
    }
    const answers = await Promise.all([...byNode].map(([node, list]) => sendToNode(node, list)))
    return [...failed, ...answers.flat()]
  }

  async function sendToNode(node: number, list: PendingBatch[]) {
    try {
      const results = await wire.send(node, requestOf(list))
      const byPartition = new Map(results.map(result => [`${result.topic}/${result.partition}`, result]))
      return list.map(batch => {
        const result = byPartition.get(`${batch.topic}/${batch.partition}`)
        return result
          ? { batch, result }
          : { batch, error: new KafkaError('CONNECTION', `no answer for ${batch.topic}/${batch.partition}`) }
      })
    } catch (error) {
      return list.map(batch => ({ batch, error: error as KafkaError }))
    }
  }

  return async records => {
    const results: ProducedBatch[] = []
    let waves = slices(records)
    while (waves.length > 0) {
      // One batch per partition and request: the next slice of a partition waits for the one before it.
      const now = waves.map(partition => encode(partition.shift()!))
      const settled = await sendRound(now)
      results.push(...settled)
      const failed = settled.some(each => each.error)
      waves = waves.filter(partition => partition.length > 0)
      if (failed && waves.length > 0) {
        const error = settled.find(each => each.error)!.error
        for (const { records } of waves.flat()) results.push({ records, error, baseOffset: -1, logAppendTimeMs: -1 })
        return results
      }
    }
    return results
  }
}

/** Records of one partition that are sent as one batch. */
interface Slice {
  topic: string
  partition: number
  records: OutRecord[]
  bytesMax: number
}

/** Records by partition, each partition's cut into batches of at most the slice size. */
function slices(records: readonly OutRecord[]): Slice[][] {
  const byPartition = new Map<string, Slice[]>()
  let list: Slice[] = []
  let last: Slice | undefined
  for (const record of records) {
    const { topic, partition } = record
    const bytes = encodedBytesMax(record)
    // Records of one partition mostly follow each other.
    if (last?.partition !== partition || last.topic !== topic) {
      const key = `${topic}/${partition}`
      list = byPartition.get(key) ?? []
      byPartition.set(key, list)
      last = list.at(-1)
    }
    if (!last || last.bytesMax + bytes > SLICE_BYTES_MAX) {
      last = { topic, partition, records: [], bytesMax: 0 }
      list.push(last)
    }
    last.records.push(record)
    last.bytesMax += bytes
  }
  return [...byPartition.values()]
}
