/**
 * Figures from Kafka, read on request: the counters of admission, the progress of `record`, and the end of each log.
 * They are read page by page and not kept; no process follows these topics for the ledger.
 */
import {
  admissionCounters,
  counterKeys,
  type OrganizationCounters,
  organizationCountersCodec,
} from '../../topics/admission-counters.ts'
import { auditEmits } from '../../topics/audit-emits.ts'
import { events } from '../../topics/events.ts'
import { recordState, recordStateCodec } from '../../topics/record-state.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { Wire } from '../kafka/protocol/wire.ts'
import type { LogPages } from '../kafka/read/log-pages.ts'
import type { Environment } from '../model/environments.ts'
import type { Organization } from '../model/organizations.ts'

export interface KafkaFigures {
  /** Whether a committed record lies between two offsets of a partition. */
  hasRecords(topic: string, partition: number, from: number, end: number): Promise<boolean>
  /** By organization, of one shard. */
  counters(shard: number): Promise<Map<string, OrganizationCounters>>
  /** The end of the shard's `audit.emits`, open transactions included. */
  auditEnd(shard: number): Promise<number>
  /** Whether every record before this end is in ClickHouse. */
  isRecorded(shard: number, auditEnd: number): Promise<boolean>
  /** The highest sequence number at the end of an organization's log; undefined: the log is empty. */
  logEnd(organization: Organization, environment: Environment): Promise<number | undefined>
}

/** How far back the last record is searched: markers and aborted records may follow it. */
const TAIL_RECORDS = 200
const PROBE_BYTES = 16 * 1024

export function createKafkaFigures({ pages, wire }: { pages: LogPages; wire: Pick<Wire, 'offset'> }): KafkaFigures {
  async function readAll(
    topic: string,
    partition: number,
    from: number,
    take: (record: LogRecord) => void,
  ): Promise<void> {
    for (let offset = from; ; ) {
      const page = await pages.read(topic, partition, offset)
      for (const record of page.records) take(record)
      if (page.nextOffset >= page.stableEnd || page.nextOffset === offset) return
      offset = page.nextOffset
    }
  }
  const readCompacted = async (topic: string, partition: number, take: (record: LogRecord) => void) =>
    readAll(topic, partition, await wire.offset(topic, partition, 'earliest'), take)

  async function recordedThrough(shard: number): Promise<number> {
    let from: number | undefined
    await readCompacted(recordState.name, shard, ({ key, value }) => {
      if (value !== null && key?.toString() === `${auditEmits.name}/${shard}`)
        from = recordStateCodec.decode(value).from
    })
    return from ?? wire.offset(auditEmits.name, shard, 'earliest')
  }

  return {
    async counters(shard) {
      const found = new Map<string, OrganizationCounters>()
      await readCompacted(admissionCounters.name, shard, ({ key: bytes, value }) => {
        const key = bytes === null ? undefined : counterKeys.parse(bytes.toString())
        if (key !== undefined && 'organizationId' in key && value !== null)
          found.set(key.organizationId, organizationCountersCodec.decode(value))
      })
      return found
    },
    auditEnd: shard => wire.offset(auditEmits.name, shard, 'latest'),
    async isRecorded(shard, auditEnd) {
      for (let offset = await recordedThrough(shard); offset < auditEnd; ) {
        const { records, nextOffset } = await pages.read(auditEmits.name, shard, offset)
        // Only markers and aborted records may lie between the recorded position and the end.
        if (nextOffset === offset || records.some(record => record.offset < auditEnd)) return false
        offset = nextOffset
      }
      return true
    },
    async hasRecords(topic, partition, from, end) {
      for (let offset = from; offset < end; ) {
        const { records, nextOffset } = await pages.read(topic, partition, offset, PROBE_BYTES)
        if (records.some(record => record.offset < end)) return true
        if (nextOffset === offset) return false
        offset = nextOffset
      }
      return false
    },
    async logEnd({ id, partitions }, environment) {
      const topic = events.nameFor(id, environment)
      let highest: number | undefined
      for (let partition = 0; partition < partitions; partition++) {
        const [first, end] = [
          await wire.offset(topic, partition, 'earliest'),
          await wire.offset(topic, partition, 'latest'),
        ]
        await readAll(topic, partition, Math.max(first, end - TAIL_RECORDS), ({ headers }) => {
          const sequence = Number(headers.sequence?.toString())
          // A record that somebody else wrote into the log has no number.
          if (Number.isSafeInteger(sequence)) highest = Math.max(highest ?? 0, sequence)
        })
      }
      return highest
    },
  }
}
