/** One-time logins: issued by a key or the operator, used once, and gone. */
import type { Clock, Random } from '../../clock.ts'
import { hashApiKey } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { type ConsoleLink, type Login, OPERATORS } from '../../model/logins.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Change, ControlStore } from '../store/store.ts'

export interface NewLogin {
  /** `platform` for the operator. */
  organizationId: string
  /** Null: the operator. */
  keyId: string | null
  expiresInSeconds: number
  link?: Omit<ConsoleLink, 'endsAt'>
}

export interface IssuedLogin {
  loginToken: string
  /** ISO 8601. */
  expiresAt: string
}

export interface Logins {
  /** Errors: `rate_limited` beyond 1,000 open logins and links of one organization. */
  issue(input: NewLogin): Promise<IssuedLogin>
  /** Takes the token for good: of two concurrent uses one gets undefined, as does an unknown, used or expired token. */
  use(token: string): Promise<Login | undefined>
  /** A link whose session has not ended. */
  findLink(organizationId: string, id: string): (Login & { link: ConsoleLink }) | undefined
}

/** Logins and links of one organization that have not ended: each is in the memory of every process. */
export const OPEN_LOGINS_MAX = 1_000

export function createLogins(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  random: Random
}): Logins {
  const { store, view, ids, clock } = deps

  return {
    async issue({ organizationId, keyId, expiresInSeconds, link }) {
      const id = ids.next('lgn')
      const nowMs = clock.nowMs()
      const now = new Date(nowMs).toISOString()
      const expiresAt = new Date(nowMs + expiresInSeconds * 1_000).toISOString()
      const secret = deps.random.bytes(24).toString('base64url')
      const token = PREFIX + Buffer.from(`${organizationId}/${id}/${secret}`).toString('base64url')
      const record: Login = {
        ...{ id, organizationId, revision: 1, createdAt: now, updatedAt: now },
        ...{ tokenHash: hashApiKey(token), keyId, expiresAt, usedAt: null },
        link: link === undefined ? null : { ...link, endsAt: null },
      }
      return store.change(ids.next('chg'), current => {
        if (organizationId !== OPERATORS) getOrganization(current, organizationId)
        const { over, open } = sorted(current, organizationId, nowMs)
        if (open >= OPEN_LOGINS_MAX)
          throw new ClarionError('rate_limited', `${OPEN_LOGINS_MAX} logins are open: repeat when some have ended.`, {
            retryAfterS: 60,
          })
        const result = { loginToken: token, expiresAt }
        return { records: [...over, { kind: 'login', record }], changes: [], result }
      })
    },
    async use(token) {
      const place = placeOf(token)
      if (place === undefined || view.find('login', place.organizationId, place.id) === undefined) return undefined
      const tokenHash = hashApiKey(token)
      return store.change(ids.next('chg'), current => {
        const nowMs = clock.nowMs()
        const found = current.find('login', place.organizationId, place.id)
        const isGood = found?.tokenHash === tokenHash && found.usedAt === null && Date.parse(found.expiresAt) > nowMs
        if (!isGood) return { records: [], changes: [], result: undefined }
        const { link } = found
        if (link === null) return { records: [{ kind: 'login', remove: place }], changes: [], result: found }
        const endsAt = new Date(nowMs + link.expiresInSeconds * 1_000).toISOString()
        const usedAt = new Date(nowMs).toISOString()
        const record = revised(found, { usedAt, link: { ...link, endsAt } }, nowMs)
        return { records: [{ kind: 'login', record }], changes: [], result: record }
      })
    },
    findLink(organizationId, id) {
      const found = view.find('login', organizationId, id)
      if (found === undefined || found.link === null || isOver(found, clock.nowMs())) return undefined
      return { ...found, link: found.link }
    },
  }
}

const PREFIX = 'clt_'
const PLACE = /^(platform|org_[0-9a-z]{26})\/(lgn_[0-9a-z]{26})\/[A-Za-z0-9_-]{32}$/

function placeOf(token: string): { organizationId: string; id: string } | undefined {
  if (!token.startsWith(PREFIX) || token.length > 200) return undefined
  const [, organizationId, id] = PLACE.exec(Buffer.from(token.slice(PREFIX.length), 'base64url').toString()) ?? []
  return organizationId === undefined || id === undefined ? undefined : { organizationId, id }
}

/** Neither usable nor the base of a session. */
export const isOver = ({ expiresAt, usedAt, link }: Login, nowMs: number): boolean =>
  Date.parse(usedAt === null ? expiresAt : (link?.endsAt ?? usedAt)) <= nowMs

function sorted(current: DecisionView, organizationId: string, nowMs: number): { over: Change[]; open: number } {
  const all = current.list('login', organizationId)
  const over = all.filter(each => isOver(each, nowMs))
  return {
    over: over.map(({ id }) => ({ kind: 'login', remove: { organizationId, id } })),
    open: all.length - over.length,
  }
}
