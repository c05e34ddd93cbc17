/**
 * Registrations (C.11.1, C.11.2): draft → published → archived. What a registration must be is the registry's to say; here it is checked
 * against the newest state, stored, and announced.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../codes.ts'
import type { Ids } from '../events/ids.ts'
import { GENERIC_FULL_NAME } from '../events/names.ts'
import type { CheckRegistration, Checked, Template } from '../registry/check-registration.ts'
import { hasVersioning } from '../registry/plans.ts'
import type { Announce, Announcement, Caller } from './announce.ts'
import { getOrganization } from './organizations.ts'
import type { DecisionView } from './overlay.ts'
import type { Organization, Registration } from './records.ts'
import { checkRevision, revised } from './revision.ts'
import type { Change, ControlStore, Decision } from './store.ts'
import type { ControlView } from './view.ts'

export interface NewRegistration extends Template {
  status?: 'draft' | 'published'
}

export interface Registrations {
  /** `idempotencyKey`: the same call again is answered with the registration it made. Errors: the codes of C.11.2, the first that fails. */
  register(caller: Caller, organizationId: string, input: NewRegistration, idempotencyKey?: string): Promise<Registration>
  publish(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Registration>
  archive(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Registration>
  describe(caller: Caller, organizationId: string, id: string, description: string | null, revision?: number): Promise<Registration>
  /** A draft is removed for good (undefined); what was published is archived. */
  delete(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Registration | undefined>
}
