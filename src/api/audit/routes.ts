/** The route of the audit trail. */

import type { Route } from '../http/route.ts'
import { exported, route } from '../http/route-table.ts'
import type { createAuditHandlers } from './handlers.ts'
import { auditQuery, change } from './schemas.ts'

export type AuditHandlers = ReturnType<typeof createAuditHandlers>

// biome-ignore format: a table
export const createAuditRoutes = (on: AuditHandlers): Route[] => [
  route('GET', '/api/v1/audit', 'audit:read', 'Every lifecycle event of the organization, newest first.', exported(change, auditQuery), on.list),
]
