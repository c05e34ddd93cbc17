/** The route by which the platform's own services publish built-in events. */

import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { emitResult } from '../shared/emit-result.ts'
import type { createPlatformEventHandlers } from './handlers.ts'
import { newPlatformEvent } from './schemas.ts'

export type PlatformEventHandlers = ReturnType<typeof createPlatformEventHandlers>

// biome-ignore format: a table
export const createPlatformEventRoutes = (on: PlatformEventHandlers): Route[] => [
  route('POST', '/api/v1/platform/events', 'operator', 'Publish a built-in event for an organization; the answer carries its verdict.', { takesIdempotencyKey: true, body: newPlatformEvent, answer: emitResult, status: 202 }, on.publish),
]
