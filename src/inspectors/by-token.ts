/** Finds the inspector of a token, among those of all organizations. */
import type { ControlView } from '../model/control-view.ts'
import { type Inspector, isExpired } from '../model/inspectors.ts'

export interface InspectorsByToken {
  /** Undefined for an expired one, or one of an organization that is suspended or deleted. */
  find(token: string): Inspector | undefined
  close(): void
}

export function createInspectorsByToken(deps: {
  view: Pick<ControlView, 'organizations' | 'organization' | 'list' | 'find' | 'onChange'>
  nowMs(): number
  onGone(inspectorId: string): void
}): InspectorsByToken {
  const { view, nowMs, onGone } = deps
  const places = new Map<string, { organizationId: string; id: string }>()
  const tokens = new Map<string, string>()

  function put({ id, organizationId, token }: Inspector): void {
    places.set(token, { organizationId, id })
    tokens.set(id, token)
  }

  function remove(id: string): void {
    const token = tokens.get(id)
    if (token === undefined) return
    tokens.delete(id)
    places.delete(token)
    onGone(id)
  }

  for (const { id } of view.organizations()) for (const each of view.list('inspector', id)) put(each)
  const stop = view.onChange((kind, organizationId, id) => {
    if (kind !== 'inspector') return
    const record = view.find('inspector', organizationId, id)
    if (record === undefined) remove(id)
    else put(record)
  })

  return {
    find(token) {
      const place = places.get(token)
      const found = place && view.find('inspector', place.organizationId, place.id)
      if (found === undefined || isExpired(found, nowMs())) return undefined
      return view.organization(found.organizationId)?.status === 'active' ? found : undefined
    },
    close: stop,
  }
}
