/** The parts of the streams' routes. */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { Push } from '../../streaming/hub/push.ts'
import type { Authenticate } from '../http/authenticate.ts'
import { createStreamCallers } from './callers.ts'
import { createPreflight } from './cors.ts'
import { createStreamHandlers } from './handlers.ts'
import { createOpenStream } from './open-stream.ts'
import { createWebSockets } from './web-socket.ts'

export function createStreams(deps: {
  push: Push
  authenticate: Authenticate
  aliasKeyHeader: string
  view: ControlView
  ids: Ids
  clock: Clock
  logger: Logger
}) {
  const { push } = deps
  const { hub, presence, tokens } = push
  const shared = { ...deps, ...push, callers: createStreamCallers({ ...deps, tokens }) }
  return {
    handlers: createStreamHandlers({
      ...{ hub, presence, tokens },
      open: createOpenStream(shared),
      preflight: createPreflight(tokens),
    }),
    webSockets: createWebSockets(shared),
  }
}
