/** A session as the console sees it. */
import type { Organization } from '../../model/organizations.ts'
import { shownScopes } from '../../model/scopes.ts'
import type { ActingAs } from '../http/session-cookie.ts'
import type { OpenSession } from '../http/sessions.ts'

const timeOf = (ms: number): string => new Date(ms).toISOString()

const presentOrganization = ({ id, slug, name, plan }: Organization) => ({ id, slug, name, plan })

const presentActAs = ({ organizationId, environment, write, reason, endsAtMs }: ActingAs) => ({
  ...{ organizationId, environment, write, reason },
  endsAt: timeOf(endsAtMs),
})

export function presentSession({ facts, link, principal }: OpenSession, idleEndsAtMs: number | null): object {
  const holder = principal.kind === 'key' ? principal : undefined
  const { kind, keyId = null, actAs, endsAtMs } = facts
  return {
    kind: kind === 'operator' ? 'operator' : 'key',
    keyId,
    organization: holder ? presentOrganization(holder.organization) : null,
    environment: holder?.key.environment ?? null,
    scopes: holder ? shownScopes(holder.key) : [],
    readOnly: principal.session?.isReadOnly ?? false,
    actAs: actAs === undefined ? null : presentActAs(actAs),
    screens: link?.screens ?? null,
    theme: link?.theme ?? null,
    returnUrl: link?.returnUrl ?? null,
    idleEndsAt: idleEndsAtMs === null ? null : timeOf(Math.min(idleEndsAtMs, endsAtMs)),
    endsAt: timeOf(endsAtMs),
  }
}
