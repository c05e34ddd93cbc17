/** The current retention of a topic: an operator may have changed it, and the cluster's own default counts too. */
import type { Clock } from '../../clock.ts'
import type { Wire } from '../protocol/wire.ts'
import { createTopicAdmin } from './topic-admin.ts'

const KEY = 'retention.ms'

/** In ms, negative for ever; undefined where there is no such topic. */
export function createTopicRetention(deps: {
  wire: Wire
  clock: Clock
}): (topic: string) => Promise<number | undefined> {
  const admin = createTopicAdmin(deps)
  return async topic => {
    const value = (await admin.settings([topic], [KEY])).get(topic)?.get(KEY)?.value
    return value === undefined || value === null ? undefined : Number(value)
  }
}
