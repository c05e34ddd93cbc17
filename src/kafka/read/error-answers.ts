/** Reacts to an error in one partition's answer: follows the leader that it names, looks it up again, or pauses. */
import type { Logger } from '../../logger.ts'
import type { ClusterMap, LeaderOf } from '../protocol/cluster.ts'
import { errorName } from '../protocol/error-codes.ts'
import type { Fetched, FetchedPartition } from '../protocol/fetch-request.ts'
import type { Placing } from './placing.ts'
import type { ReaderWatch } from './reader-watch.ts'
import { hintOf, type Reading, remedyOf } from './reading.ts'

export function createErrorHandler(deps: {
  logger: Logger
  /** Of the wire that brought the answer. */
  cluster(): Pick<ClusterMap, 'moved' | 'stale'>
  watch: ReaderWatch | undefined
  placing: Pick<Placing, 'fail'>
  /** Reads on at another leader. */
  follow(reading: Reading, leader: LeaderOf): void
  /** Takes the partition out of its session. */
  takeOut(reading: Reading): void
  /** Looks up where its log starts and ends. */
  locate(reading: Reading): void
}): (reading: Reading, fetched: FetchedPartition, answer: Fetched) => void {
  const { logger, placing } = deps

  /** False: the answer names no newer leader. */
  function followHint(reading: Reading, fetched: FetchedPartition, answer: Fetched): boolean {
    const { topic, partition } = reading
    const hint = hintOf(reading, fetched)
    if (!hint) return false
    const endpoint = answer.endpoints.find(each => each.node === hint.node)
    deps.cluster().moved(topic, partition, { ...hint, ...(endpoint && { host: endpoint.host, port: endpoint.port }) })
    deps.follow(reading, hint)
    return true
  }

  return (reading, fetched, answer) => {
    const { topic, partition } = reading
    const error = errorName(fetched.errorCode)
    const remedy = remedyOf(error)
    logger.debug({ topic, partition, error, node: reading.leader?.node }, 'a partition answered with an error')
    if (remedy === 'moved') {
      deps.watch?.behindLeader()
      if (followHint(reading, fetched, answer)) return
    }
    deps.takeOut(reading)
    if (remedy === 'range') {
      deps.locate(reading)
      return
    }
    deps.cluster().stale(topic)
    if (remedy === 'moved' || remedy === 'topic')
      placing.fail(reading, remedy === 'moved' ? 'no_leader' : 'unknown_topic', 'none')
    else placing.fail(reading, remedy === 'unauthorized' ? 'unauthorized' : 'no_leader', 'back-off')
  }
}
