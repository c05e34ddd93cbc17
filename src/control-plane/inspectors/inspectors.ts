/** Inspectors: made, changed and deleted by hand; a day later they have expired and go with the next change. */
import type { Clock, Random } from '../../clock.ts'
import { ALPHABET } from '../../model/base32.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { type Inspector, type InspectorAnswer, isExpired } from '../../model/inspectors.ts'
import { planOf } from '../../model/plans.ts'
import { getOrganization } from '../store/get-organization.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import { checkedAnswer } from './answer-headers.ts'

export interface InspectorSettings {
  name?: string
  /** What it leaves out stays as it is; of a new one as in `ANSWER`. */
  answer?: Partial<InspectorAnswer>
  failFirst?: number
}

export interface Inspectors {
  /** Errors: `inspector_quota_exceeded`, `header_not_allowed`, `validation_failed` (a body that the status has none of). */
  create(owner: Owner, input: InspectorSettings): Promise<Inspector>
  /** Errors: those of the settings, `not_found`, `revision_conflict`. */
  patch(owner: Owner, id: string, input: InspectorSettings, revision?: number): Promise<Inspector>
  /** Errors: `not_found`, `revision_conflict`. */
  delete(owner: Owner, id: string, revision?: number): Promise<void>
}

export const INSPECTOR_LIFE_MS = 86_400_000
const ANSWER: InspectorAnswer = { status: 200, headers: {}, body: '', delayMs: 0 }
const TOKEN_BYTES = 16
const TOKEN_CHARACTERS = 26

export function createInspectors(deps: { store: ControlStore; ids: Ids; clock: Clock; random: Random }): Inspectors {
  const { store, ids, clock, random } = deps

  return {
    async create(owner, { name = 'Inspector', answer = {}, failFirst = 0 }) {
      const nowMs = clock.nowMs()
      const now = new Date(nowMs).toISOString()
      const record: Inspector = {
        ...{ id: ids.next('ins'), ...owner, revision: 1, createdAt: now, updatedAt: now },
        ...{ name, answer: checkedAnswer({ ...ANSWER, ...answer }), failFirst, token: newToken(random) },
        expiresAt: new Date(nowMs + INSPECTOR_LIFE_MS).toISOString(),
      }
      return store.change(ids.next('chg'), current => {
        const { id: organizationId, plan } = getOrganization(current, owner.organizationId)
        const all = current.list('inspector', organizationId)
        const expired = all.filter(each => isExpired(each, nowMs))
        const { inspectors: limit } = planOf(plan)
        if (all.length - expired.length >= limit)
          throw new ClarionError(
            'inspector_quota_exceeded',
            `The plan ${plan} has ${limit} inspectors at a time: delete one, or wait until one expires.`,
          )
        const over = expired.map(({ id }): Change => ({ kind: 'inspector', remove: { organizationId, id } }))
        return { records: [...over, { kind: 'inspector', record }], changes: [], result: record }
      })
    },
    async patch(owner, id, { answer, ...given }, revision) {
      return store.change(ids.next('chg'), (current): Decision<Inspector> => {
        const before = getInspector(current, owner, id, clock.nowMs())
        checkRevision(before, revision)
        const fields = {
          ...given,
          ...(answer === undefined ? {} : { answer: checkedAnswer({ ...before.answer, ...answer }) }),
        }
        if (Object.keys(fields).length === 0) return { records: [], changes: [], result: before }
        const record = revised(before, fields, clock.nowMs())
        return { records: [{ kind: 'inspector', record }], changes: [], result: record }
      })
    },
    delete: (owner, id, revision) =>
      store.change(ids.next('chg'), current => {
        checkRevision(getInspector(current, owner, id, clock.nowMs()), revision)
        const { organizationId } = owner
        return { records: [{ kind: 'inspector', remove: { organizationId, id } }], changes: [], result: undefined }
      }),
  }
}

/** Throws `not_found`, for an expired one, too. */
export function getInspector(
  view: Pick<ControlView, 'find'>,
  { organizationId, environment }: Owner,
  id: string,
  nowMs: number,
): Inspector {
  const found = view.find('inspector', organizationId, id)
  if (found === undefined || found.environment !== environment || isExpired(found, nowMs))
    throw new ClarionError('not_found', 'There is no such inspector; it may have expired after a day.')
  return found
}

function newToken(random: Random): string {
  let bits = BigInt(`0x${random.bytes(TOKEN_BYTES).toString('hex')}`)
  let token = ''
  for (let at = 0; at < TOKEN_CHARACTERS; at++) {
    token = ALPHABET.charAt(Number(bits & 31n)) + token
    bits >>= 5n
  }
  return token
}
