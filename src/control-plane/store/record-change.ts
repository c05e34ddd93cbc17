/** Changes of resources that are not in the control topic, for the same history. */
import { auditChanges, auditChangesCodec } from '../../../topics/audit-changes.ts'
import type { Clock } from '../../clock.ts'
import type { Appender } from '../../kafka/ports.ts'
import { shardOf } from '../../kafka/shards.ts'
import type { Logger } from '../../logger.ts'
import type { Ids } from '../../model/ids.ts'
import { type Announcement, type Caller, createAnnounce } from './announce.ts'

export type RecordChange = (caller: Caller, change: Announcement) => Promise<void>

/** The change has happened by then: its caller gets the answer, whether or not it is recorded. */
export function createRecordChange(deps: {
  appender: Appender
  shards: number
  ids: Ids
  clock: Clock
  logger: Logger
}): RecordChange {
  const announce = createAnnounce(deps)
  return async (caller, change) => {
    const record = {
      topic: auditChanges.name,
      partition: shardOf(change.organizationId, deps.shards),
      key: null,
      value: auditChangesCodec.encode({ changes: [announce(caller, change)] }),
    }
    await deps.appender
      .append(record)
      .catch(error => deps.logger.warn({ error: String(error), type: change.type }, 'a change was not recorded'))
  }
}
