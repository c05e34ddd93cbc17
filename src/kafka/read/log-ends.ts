/**
 * Where partitions end, open transactions included. What a committed transaction wrote lies before the end that is asked for after its
 * commit, and no reader of committed records passes an open transaction: so a reader that has come to such an end has met all of it, however
 * late the markers become visible. A broker that has just become leader refuses the question while its watermark may lag (KIP-207).
 */
import { errorName } from '../protocol/error-codes.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'

export interface LogEnds {
  /** Of every partition there is now. Throws while one of them cannot be asked: an end that is left out would prove nothing. */
  all(topic: string): Promise<Map<number, number>>
  /** Of one partition. Throws when it cannot be asked. */
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
