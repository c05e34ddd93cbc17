/** Tells organizations of API keys that expire within a week: once for each key, whichever process finds it first. */
import type { Clock } from '../../clock.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import { keyExpiringNotice } from '../../notifications/change-notices.ts'
import type { ControlStore } from '../store/store.ts'
import { pagesOf } from './clearing.ts'

export const EXPIRY_NOTICE_MS = 7 * 86_400_000

export interface ExpiringKeys {
  /** A page of keys per transaction. */
  tellDue(): Promise<void>
  close(): void
}

export function createExpiringKeys(deps: {
  store: ControlStore
  view: Pick<ControlView, 'organizations' | 'list'>
  ids: Ids
  clock: Clock
}): ExpiringKeys {
  const { store, view, ids, clock } = deps
  let closed = false

  /** A key that was made for less than a week is no surprise. */
  function isDue(key: ApiKey | undefined): key is ApiKey {
    if (!key || key.expiresAt === null || key.isExpiryTold) return false
    const leftMs = Date.parse(key.expiresAt) - clock.nowMs()
    return (
      leftMs > 0 &&
      leftMs <= EXPIRY_NOTICE_MS &&
      Date.parse(key.expiresAt) - Date.parse(key.createdAt) > EXPIRY_NOTICE_MS
    )
  }

  function* due(): Generator<ApiKey> {
    for (const { id, status } of view.organizations())
      if (status !== 'deleted') yield* view.list('key', id).filter(isDue)
  }

  return {
    async tellDue() {
      for (const page of pagesOf(due())) {
        if (closed) return
        await store.change(ids.next('chg'), current => {
          const keys = page.map(({ organizationId, id }) => current.find('key', organizationId, id)).filter(isDue)
          return {
            records: keys.map(key => ({ kind: 'key', record: { ...key, isExpiryTold: true as const } })),
            changes: [],
            notices: keys.map(key => keyExpiringNotice({ ...key, expiresAt: key.expiresAt!, nowMs: clock.nowMs() })),
            result: undefined,
          }
        })
      }
    },
    close() {
      closed = true
    },
  }
}
