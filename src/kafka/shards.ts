/** The permanent shard of an organization: Kafka's murmur2 of its id, modulo the number of shards. */

/** Kafka's murmur2 (`org.apache.kafka.common.utils.Utils.murmur2`), as an unsigned 31-bit number. */
export function murmur2(data: Buffer): number {
  const m = 0x5bd1e995
  let h = 0x9747b28c ^ data.length
  let at = 0
  for (; data.length - at >= 4; at += 4) {
    let k = Math.imul(data.readInt32LE(at), m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  const rest = data.length - at
  if (rest >= 3) h ^= data[at + 2]! << 16
  if (rest >= 2) h ^= data[at + 1]! << 8
  if (rest >= 1) h = Math.imul(h ^ data[at]!, m)
  h = Math.imul(h ^ (h >>> 13), m)
  return (h ^ (h >>> 15)) & 0x7fffffff
}

export const shardOf = (organizationId: string, shards: number): number => murmur2(Buffer.from(organizationId)) % shards
