/**
 * The ends of partitions, open transactions included. Records of a committed transaction lie before an end that is
 * queried after its commit, and no reader of committed records passes an open transaction: so a reader that has reached
 * such an end has read all of it, however late the markers become visible. A broker that has just become leader refuses
 * the query while its watermark may lag (KIP-207).
 */
import { errorName } from '../protocol/error-codes.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'

export interface LogEnds {
  /** Of every current partition. Throws while one of them cannot be queried: a missing end would prove nothing. */
  all(topic: string): Promise<Map<number, number>>
  /** Of one partition. Throws when it cannot be queried. */
  of(topic: string, partition: number): Promise<number>
}

export function createLogEnds({ wire }: { wire: Pick<Wire, 'metadata' | 'ends' | 'offset'> }): LogEnds {
  return {
    async all(topic) {
      const [found] = await wire.metadata([topic])
      if (found?.errorCode !== 0)
        throw new KafkaError(errorName(found?.errorCode ?? 3), `the partitions of ${topic} are not known`)
      const partitions = found.partitions.map(({ partition }) => partition).sort((a, b) => a - b)
      const ends = await wire.ends(partitions.map(partition => ({ topic, partition })))
      return new Map(
        partitions.map(partition => {
          const end = ends.get(`${topic}/${partition}`)
          if (end === undefined)
            throw new KafkaError('LEADER_NOT_AVAILABLE', `the end of ${topic}/${partition} is not known now`)
          return [partition, end]
        }),
      )
    },
    of: (topic, partition) => wire.offset(topic, partition, 'latest'),
  }
}
