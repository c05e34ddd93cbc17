/** What the platform emits itself: the built-in events of its services (C.13), and what failed, again (C.11.4). */
import type { createPlatformEventHandlers } from './handlers.ts'
import type { createRedriveHandlers } from '../emits/redrives.ts'
import type { Route } from '../http/route.ts'
import { emitResult } from '../shared/emit-result.ts'
import { newPlatformEvent } from './schemas.ts'

export interface PlatformHandlers {
  events: ReturnType<typeof createPlatformEventHandlers>
  redrives: ReturnType<typeof createRedriveHandlers>
}

export function createPlatformRoutes(on: PlatformHandlers): Route[] {
  return [
    {
      ...{ method: 'POST', path: '/api/v1/platform/events', access: 'operator', status: 202 },
      ...{ summary: 'Publish a built-in event for an organization; the answer carries its verdict.' },
      ...{ takesIdempotencyKey: true, body: newPlatformEvent, answer: emitResult, handle: on.events.publish },
    },
    {
      ...{ method: 'POST', path: '/api/v1/events/custom/emits/:id/redrive', access: 'events:emit', status: 202 },
      ...{ summary: 'Try an emit again that could not be written to the log.', refusedWhenSuspended: true },
      ...{ answer: emitResult, handle: on.redrives.redrive },
    },
  ]
}
