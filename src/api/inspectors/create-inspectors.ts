/** Inspectors as a part of the API: their calls, and their own URLs beside it. */
import type { Clock } from '../../clock.ts'
import type { Inspectors } from '../../control-plane/inspectors/inspectors.ts'
import type { Inspecting } from '../../inspectors/inspecting.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { createInspectorHandlers } from './handlers.ts'
import { createInspectRequests } from './receive.ts'

export function createInspecting(deps: {
  inspectors: Inspectors
  inspecting: Inspecting
  view: ControlView
  aliasKeyHeader: string
  ids: Ids
  clock: Clock
  logger: Logger
}) {
  const { inspecting } = deps
  const handlers = createInspectorHandlers({ ...deps, ...inspecting })
  const receiving = createInspectRequests({ ...deps, ...inspecting, inspectors: inspecting.byToken })
  return {
    handlers,
    handle: receiving.handle,
    drain() {
      handlers.drain()
      receiving.drain()
    },
  }
}
