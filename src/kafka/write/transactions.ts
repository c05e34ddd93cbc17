/**
 * Kafka's two protocols for transactions, behind one interface. The writer decides what each error means for the
 * transaction.
 */
import type { OutRecord } from '../ports.ts'
import { errorName } from '../protocol/error-codes.ts'
import { type AddedPartition, addPartitionsRequest, endTransactionRequest } from '../protocol/transaction-requests.ts'
import { KafkaError, type ProducerIdentity, type Wire } from '../protocol/wire.ts'
import { createProduce, PAUSABLE_RETRY_TIME_MS, type ProducedBatch, SHARED_RETRY_TIME_MS } from './produce.ts'
import { COORDINATOR_NOT_NOW, type Retrying, repeat } from './repeat.ts'
import { createSequencedProducer, type SequencedProducer, type Sequences } from './sequences.ts'

/**
 * An open transaction of a dead owner blocks readers of its partitions for at most this long; a frozen coordinator took
 * 13 s to be replaced.
 */
export const TRANSACTION_TIMEOUT_MS = 30_000
/** For an end that gets no answer. */
const END_RETRY_TIME_MS = 20_000

/** One transaction after the other: `write` begins one, `commit` or `abort` ends it. */
export interface Transactions {
  /** Rejects when the coordinator does not take the partitions; otherwise each batch carries its result. */
  write(records: readonly OutRecord[]): Promise<ProducedBatch[]>
  /**
   * Outside of transactions, under the same identity, while none is open. Whoever opens the id later fences it in the
   * partitions that he has written to.
   */
  append(records: readonly OutRecord[]): Promise<ProducedBatch[]>
  /** Under which the next records are written: the coordinator gives another one when its epochs have run out. */
  producerId(): bigint
  /**
   * Repeated with the same epoch until it is answered. Rejects with the last answer: the outcome is unknown then,
   * whatever that answer is.
   */
  commit(): Promise<void>
  /** Resolves when the coordinator has confirmed the abort. Rejects when it has not. */
  abort(): Promise<void>
  /**
   * Called after an abort, before the next transaction. `isHeldUp`: a partition may refuse the marker; resolves once it
   * has taken it. Rejects when that takes longer than a commit may.
   */
  renew(isHeldUp: boolean): Promise<void>
}

export interface TransactionsDeps extends Retrying {
  wire: Pick<Wire, 'send' | 'cluster' | 'sendToCoordinator' | 'initProducerId'>
  transactionalId: string
  identity: ProducerIdentity
  isPausable(topic: string): boolean
}

/** For brokers before 4.0: partitions are announced to the coordinator before they are written to. */
export function createAnnouncedTransactions(deps: TransactionsDeps): Transactions {
  const { wire, transactionalId } = deps
  let { identity } = deps
  let sequences: Sequences = new Map()
  const writer = () => ({ transactionalId, ...identity })
  const end = (commit: boolean) =>
    repeat(deps, END_RETRY_TIME_MS, () =>
      wire.sendToCoordinator(transactionalId, endTransactionRequest({ writer: writer(), commit, version: 3 })),
    )

  return {
    async write(records) {
      const partitions = partitionsOf(records)
      const refused = await announce(deps, () => addPartitionsRequest(writer(), partitions))
      if (refused.size > 0) return withoutWriting(records, refused)
      return createProduce({ ...deps, version: 11 }, createSequencedProducer(identity, true, sequences))(records)
    },
    append: appendOf(deps, () => createSequencedProducer(identity, false, sequences)),
    producerId: () => identity.producerId,
    async commit() {
      await end(true)
    },
    async abort() {
      await end(false).catch(error => {
        // Its first partition never reached the coordinator: there is nothing to end.
        if ((error as KafkaError).type !== 'INVALID_TXN_STATE') throw error
      })
    },
    async renew(isHeldUp) {
      if (isHeldUp) await deps.onHeldUp?.()
      // Some sequences may be ahead of the log: the next epoch begins with new ones (KIP-360).
      identity = await nextIdentity(deps, identity)
      sequences = new Map()
    },
  }
}

/**
 * KIP-890, for brokers from 4.0: a round trip less for each, and an epoch of its own, so that no late request counts
 * for the next one.
 */
export function createJoiningTransactions(deps: TransactionsDeps): Transactions {
  const { wire, transactionalId } = deps
  let { identity } = deps
  let sequences: Sequences = new Map()

  /** Sequences begin anew with each epoch. */
  function become(next: ProducerIdentity): void {
    identity = next
    sequences = new Map()
  }

  /** The same identity for all attempts: only then is a repeated request recognized. */
  async function end(commit: boolean): Promise<void> {
    const request = endTransactionRequest({ writer: { transactionalId, ...identity }, commit, version: 5 })
    become(await repeat(deps, END_RETRY_TIME_MS, () => wire.sendToCoordinator(transactionalId, request)))
  }

  return {
    write: records =>
      createProduce({ ...deps, version: 12 }, createSequencedProducer(identity, true, sequences))(records),
    append: appendOf(deps, () => createSequencedProducer(identity, false, sequences)),
    producerId: () => identity.producerId,
    commit: () => end(true),
    abort: () => end(false),
    async renew(isHeldUp) {
      // The next transaction would also detect this, but only by failing.
      if (!isHeldUp) return
      await deps.onHeldUp?.()
      become(await nextIdentity(deps, identity))
    },
  }
}

const appendOf =
  (deps: TransactionsDeps, producer: () => SequencedProducer) =>
  (records: readonly OutRecord[]): Promise<ProducedBatch[]> =>
    createProduce({ ...deps, transactionalId: null, version: 11 }, producer())(records)

/** Not before the last transaction has left all its partitions (KIP-360). */
const nextIdentity = (deps: TransactionsDeps, current: ProducerIdentity): Promise<ProducerIdentity> =>
  repeat(deps, END_RETRY_TIME_MS, () => deps.wire.initProducerId(deps.transactionalId, TRANSACTION_TIMEOUT_MS, current))

const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION'
/** The error of the topic itself rather than of the transaction, which identifies an organization's topic at fault. */
const OF_THE_TOPIC: ReadonlySet<string> = new Set([UNKNOWN_TOPIC, 'TOPIC_AUTHORIZATION_FAILED'])
/** The topic may have just been created. */
const ADD_NOT_NOW: ReadonlySet<string> = new Set([...COORDINATOR_NOT_NOW, UNKNOWN_TOPIC])
/** The coordinator added no partition of the request, because of another one. */
const NOT_ATTEMPTED = 'OPERATION_NOT_ATTEMPTED'

/** Returns the partitions that cannot join, by `<topic>/<partition>`; empty when all have joined. */
async function announce(
  deps: TransactionsDeps,
  request: () => ReturnType<typeof addPartitionsRequest>,
): Promise<Map<string, KafkaError>> {
  const { wire, transactionalId, clock, isPausable } = deps
  const startedAtMs = clock.monotonicMs()

  async function ask(): Promise<AddFault[]> {
    const answers = await wire.sendToCoordinator(transactionalId, request())
    const faults = answers.map(each => ({ ...each, type: errorName(each.errorCode) })).filter(isAtFault)
    const isOver = (retryTimeMs: number) => clock.monotonicMs() - startedAtMs >= retryTimeMs
    const reason =
      faults.find(({ type }) => !OF_THE_TOPIC.has(type)) ??
      faults.find(
        ({ topic, type }) =>
          type === UNKNOWN_TOPIC && !isOver(isPausable(topic) ? PAUSABLE_RETRY_TIME_MS : SHARED_RETRY_TIME_MS),
      )
    if (!reason) return faults
    throw new KafkaError(
      reason.type,
      `${transactionalId} cannot add ${reason.topic}/${reason.partition}: ${reason.type}`,
    )
  }

  const faults = await repeat(deps, SHARED_RETRY_TIME_MS, ask, ADD_NOT_NOW)
  return new Map(
    faults.map(({ topic, partition, type }) => [
      `${topic}/${partition}`,
      new KafkaError(type, `${topic}/${partition} cannot join the transaction: ${type}`),
    ]),
  )
}

type AddFault = AddedPartition & { type: string }

const isAtFault = ({ errorCode, type }: { errorCode: number; type: string }) =>
  errorCode !== 0 && type !== NOT_ATTEMPTED

function withoutWriting(records: readonly OutRecord[], refused: ReadonlyMap<string, KafkaError>): ProducedBatch[] {
  const failed: ProducedBatch[] = []
  for (const [key, error] of refused) {
    const those = records.filter(({ topic, partition }) => `${topic}/${partition}` === key)
    if (those.length > 0) failed.push({ records: those, error, baseOffset: -1, logAppendTimeMs: -1 })
  }
  return failed
}

function partitionsOf(records: readonly OutRecord[]): Map<string, number[]> {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of records) {
    const known = topics.get(topic)
    if (known) known.add(partition)
    else topics.set(topic, new Set([partition]))
  }
  return new Map([...topics].map(([topic, partitions]) => [topic, [...partitions]]))
}
