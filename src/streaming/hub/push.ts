/** The push side of reading events, composed once per process with the role api. */
import type { Clock, Random } from '../../clock.ts'
import { signingKeys } from '../../crypto/signing-key.ts'
import type { Appender } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { StreamMetrics } from '../../observability/stream-metrics.ts'
import type { Meters } from '../meters.ts'
import type { Streaming } from '../streaming.ts'
import type { ConnectionTimings } from './connection.ts'
import { createStreamHub } from './hub.ts'
import type { StreamHub } from './hub-calls.ts'
import { createLogs } from './logs.ts'
import { createPresence, type Presence } from './presence.ts'
import { createSubscribe, type Subscribe } from './subscribe.ts'
import { createStreamTokens, type StreamTokens } from './tokens.ts'

export interface Push {
  hub: StreamHub
  /** The composition root feeds it the topic `streams.presence`. */
  presence: Presence
  subscribe: Subscribe
  tokens: StreamTokens
  close(): Promise<void>
}

export function createPush(deps: {
  streaming: Pick<Streaming, 'cursors' | 'pages' | 'cache' | 'resume' | 'tail'>
  view: ControlView
  appender: Appender
  meters: Pick<Meters, 'count'>
  metrics: StreamMetrics
  processId: string
  secretKey: string
  previousSecretKey: string | undefined
  clock: Clock
  random: Random
  ids: Ids
  logger: Logger
  timings?: Partial<ConnectionTimings>
}): Push {
  const { streaming, view, meters, metrics, clock, logger } = deps
  const { cursors, resume } = streaming
  const hub: StreamHub = createStreamHub({
    ...deps,
    presence: () => presence,
    onEnd: metrics.ended,
    meter: {
      count(owner, events) {
        metrics.written(events)
        meters.count(owner, events)
      },
    },
  })
  const presence: Presence = createPresence({
    ...deps,
    streamsOf: hub.local,
    onEnd: (organizationId, streamId) => void hub.end(organizationId, streamId),
    onOthers: hub.onOthers,
  })
  const logs = createLogs({
    ...{ view, cursors, tail: streaming.tail, strictPages: streaming.pages, pages: streaming.cache, clock },
    onRecord: timestampMs => metrics.delayed((clock.machineMs() - timestampMs) / 1_000),
    onFault(connection, error) {
      logger.error({ err: error }, 'a stream failed')
      connection.destroy('fault')
    },
  })
  const unfollow = view.onChange((kind, organizationId) => {
    if (kind === 'organization') logs.grow(organizationId)
  })
  metrics.watch(hub.figures)
  return {
    hub,
    presence,
    subscribe: createSubscribe({ logs, resume, cursors, hub, clock, logger }),
    tokens: createStreamTokens({
      keys: signingKeys(deps.secretKey, deps.previousSecretKey, 'stream-tokens'),
      clock,
      ids: deps.ids,
    }),
    async close() {
      unfollow()
      hub.close()
      logs.close()
      await presence.close()
    },
  }
}
