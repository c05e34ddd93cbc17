/**
 * Organizations whose log takes no records now, as announced by `admit` in the topic `outcomes`. Their emits are
 * refused: they would only wait in the ingress. `admit` repeats the announcement every five seconds; one that is not
 * repeated expires after fifteen. An announcement of all pauses of a shard ends those that it does not name.
 */
import { ALL_PAUSES_KEY, PAUSES_KEY, pausesCodec } from '../../topics/outcomes.ts'
import type { Clock } from '../clock.ts'
import type { LogRecord, UnavailableReason } from '../kafka/ports.ts'
import { ClarionError } from '../model/codes.ts'
import type { Environment } from '../model/environments.ts'

const BELIEVED_MS = 15_000
const RETRY_AFTER_S = 5

export interface PausedOrganizations {
  /** A record of `outcomes`; those for a single process are skipped. */
  onRecord(record: LogRecord): void
  /** Throws `service_unavailable` if the organization is paused. */
  check(organizationId: string, environment: Environment): void
}

export function createPausedOrganizations({ clock }: { clock: Pick<Clock, 'monotonicMs'> }): PausedOrganizations {
  const [some, all] = [PAUSES_KEY, ALL_PAUSES_KEY].map(key => Buffer.from(key)) as [Buffer, Buffer]
  const paused = new Map<string, { reason: string; untilMs: number; shard: number }>()

  function forget(shard: number): void {
    for (const [name, pause] of paused) if (pause.shard === shard) paused.delete(name)
  }

  return {
    onRecord({ key, value, partition: shard }) {
      if (value === null || !(key?.equals(some) || key?.equals(all))) return
      if (key.equals(all)) forget(shard)
      const untilMs = clock.monotonicMs() + BELIEVED_MS
      for (const { organizationId, environment, reason } of pausesCodec.decode(value).pauses) {
        const name = `${organizationId}/${environment}`
        if (reason === null) paused.delete(name)
        else paused.set(name, { reason, untilMs, shard })
      }
    },
    check(organizationId, environment) {
      if (paused.size === 0) return
      const name = `${organizationId}/${environment}`
      const found = paused.get(name)
      if (!found) return
      if (found.untilMs <= clock.monotonicMs()) paused.delete(name)
      else throw refusalOf(found.reason)
    },
  }
}

const REASONS: Readonly<Record<UnavailableReason, string>> = {
  unknown_topic: 'its topic is missing',
  no_leader: 'its topic has no leader',
  too_few_replicas: 'too few of its replicas are in sync',
  unauthorized: 'the platform may not write to its topic',
  unreachable: 'the broker that leads its topic does not answer',
  failing: 'writing to its topic fails',
}

function refusalOf(reason: string): ClarionError {
  const why = (REASONS as Readonly<Record<string, string>>)[reason] ?? reason
  const message = `The log of the organization takes no events now, because ${why}. The emit was not taken: repeat it after Retry-After.`
  return new ClarionError('service_unavailable', message, { retryAfterS: RETRY_AFTER_S })
}
