/** The ends of a stretch of a log, by partition, as far as the log reaches now. */
import type { LogRecord } from '../../kafka/ports.ts'
import type { LogSource } from './log-merge.ts'

export async function stretchEnds(stretch: {
  log: LogSource
  topic: string
  /** Whether the partition holds nothing more of the stretch from this record on. */
  ends(record: LogRecord): boolean
  isStopped(): boolean
}): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  for (const [partition, end] of await stretch.log.ends.all(stretch.topic))
    found.set(partition, await endIn(stretch, partition, end))
  return found
}

type Stretch = Parameters<typeof stretchEnds>[0]

async function endIn({ log, topic, ends, isStopped }: Stretch, partition: number, end: number): Promise<number> {
  let offset = await log.pages.search(topic, partition, ends)
  while (offset < end && !isStopped()) {
    const page = await log.pages.read(topic, partition, offset)
    const last = page.records.find(ends)
    if (last) return Math.min(last.offset, end)
    if (page.nextOffset === offset) return end
    offset = page.nextOffset
  }
  return end
}
