import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import type { createPlatformHandlers } from './handlers.ts'
import { status } from './schemas.ts'

export type PlatformHandlers = ReturnType<typeof createPlatformHandlers>

export function createPlatformRoutes(on: PlatformHandlers): Route[] {
  const path = '/api/v1/platform/status'
  return [route('GET', path, 'operator', 'Processes, roles, Kafka, history and disk.', { answer: status }, on.status)]
}
