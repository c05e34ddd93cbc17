/** What of a shard is fed from logs and not from `deliveries`: webhooks that were off, and replays. One state topic, one way into the engine. */
import type { ControlView } from '../../../src/control-plane/view.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import { catchUpKeys } from '../../../topics/delivery-catch-ups.ts'
import { type CatchUpPorts, createParked, type Parked } from './paused-webhooks.ts'
import { createReplays, type ReplayPorts } from './replays.ts'
import { createWanted } from './subscriptions.ts'

/** What comes from outside the engine. */
export interface CatchUpSources extends Pick<ReplayPorts, 'pages' | 'delivered' | 'ended'> {
  /** How many shards there are. */
  shards: number
}

export interface CatchUps extends Pick<Parked, 'holds'> {
  /** A record of `delivery.catch-ups`. */
  restore(key: string, value: Buffer | null): void
  start(): void
  seal(): OutRecord[]
  close(): void
}

export function createCatchUps(
  deps: CatchUpSources & { handle: ShardHandle; view: ControlView } & Pick<
      CatchUpPorts,
      'clock' | 'logger' | 'timeScale' | 'ids' | 'failing' | 'take'
    >,
): CatchUps {
  const { handle } = deps
  const ports: ReplayPorts = {
    ...deps,
    wanted: createWanted(),
    isOurs: organizationId => shardOf(organizationId, deps.shards) === handle.shard,
    changed: () => handle.write([]),
    fail: error => handle.fail(error),
  }
  const parked = createParked(ports)
  const replays = createReplays(ports)
  return {
    holds: parked.holds,
    restore(key, value) {
      const stands = catchUpKeys.parse(key)
      if (!stands) return
      if ('parked' in stands) parked.restore(stands.parked, value)
      else replays.restore(stands.replay, value)
    },
    start() {
      parked.start()
      replays.start()
    },
    seal: () => [...parked.seal(handle.shard), ...replays.seal(handle.shard)],
    close() {
      parked.close()
      replays.close()
    },
  }
}
