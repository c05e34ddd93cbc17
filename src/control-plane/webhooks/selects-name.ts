/** The webhooks that an event of a name would reach, by their selectors alone. */
import { createSelectorIndex } from '../../events/selector.ts'
import type { ControlView } from '../../model/control-view.ts'

/** `name`: `ns.name`, which any of its versions may be, `ns.name@1.0.0`, a canonical name, or that of a lifecycle event. */
export function selectsName(
  view: Pick<ControlView, 'event'>,
  organizationId: string,
  name: string,
): (selectors: readonly string[]) => boolean {
  const [type = '', version] = name.slice(name.lastIndexOf(':') + 1).split('@')
  const versions = [...(view.event(organizationId, type)?.versions.values() ?? [])]
  const canonical = name.includes(':')
    ? [name]
    : versions.filter(each => (version ?? each.version) === each.version).map(({ canonicalName }) => canonicalName)
  const events = (canonical.length === 0 ? [type] : canonical).map(canonicalName => ({
    type,
    canonicalName,
    kind: null,
  }))
  return selectors => {
    const index = createSelectorIndex([{ selectors, value: true }])
    return events.some(event => index.match(event).length > 0)
  }
}
