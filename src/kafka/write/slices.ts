import type { OutRecord } from '../ports.ts'
import { encodedBytesMax } from '../protocol/encode-batch.ts'

/** A batch this size is sent alone; the topics' limit is 8 MB. */
export const SLICE_BYTES_MAX = 1024 * 1024
/** For all batches of one request; a broker closes a connection with a request above 100 MB. */
export const REQUEST_BYTES_MAX = 16 * 1024 * 1024

/** Records of one partition that are sent as one batch. */
export interface Slice {
  topic: string
  partition: number
  records: OutRecord[]
  bytesMax: number
}

/** Records by partition, each partition's cut into batches of at most the slice size. */
export function slicesOf(records: readonly OutRecord[]): Slice[][] {
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
