/**
 * Selectors of webhooks, queues and workflows that match nothing any more. A name that was never registered is none of
 * them: a subscription may come before its first event.
 */
import { parseSelector, type Selector } from '../../events/selector.ts'
import type { Observation } from '../../model/drift.ts'
import { GENERIC } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import { inboundEvents } from '../registrations/inbound-events.ts'
import type { DecisionView } from '../store/overlay.ts'

interface Receiver {
  kind: 'webhook' | 'sink' | 'queue' | 'workflow'
  id: string
  name: string | null
  selectors: readonly string[]
  /** Of the selectors in the receiver. */
  path(at: number): string
}

export function subscriptionTargets(current: DecisionView, organizationId: string): Observation[] {
  const registrations = current.list('registration', organizationId)
  const emitted = registrations.filter(({ status }) => status !== 'archived')
  const all = keysOf(registrations)
  // A receiver may be there for what peers share.
  const alive = keysOf([...emitted, ...inboundEvents(current, organizationId)])
  return receivers(current, organizationId).flatMap(receiver => {
    const gone = receiver.selectors
      .map((selector, at) => ({ selector, path: receiver.path(at) }))
      .filter(({ selector }) => isGone(parseSelector(selector), all, alive))
    return gone.length === 0 ? [] : [observationOf(receiver, gone)]
  })
}

function observationOf(
  { kind, id, name, selectors }: Receiver,
  gone: ReadonlyArray<{ selector: string; path: string }>,
): Observation {
  const called = name === null ? id : `${id} (${name.slice(0, 60)})`
  return {
    ...{ kind: 'subscription_target', severity: 'warning', entityType: kind, entityId: id, canonicalName: null },
    message: `The ${kind} ${called} selects ${gone
      .map(each => each.selector)
      .slice(0, 3)
      .join(', ')}, of which every version is archived.`,
    expected: { selectors: selectors.length },
    actual: { matching: selectors.length - gone.length },
    diff: gone.map(({ selector, path }) => ({ path, change: `selector_matches_nothing ${selector}` })),
  }
}

function receivers(current: DecisionView, organizationId: string): Receiver[] {
  const webhooks = current
    .webhooks(organizationId)
    .filter(({ active, peer }) => active && peer === null)
    .map(
      ({ id, name, events, sink }): Receiver => ({
        kind: sink === undefined ? 'webhook' : 'sink',
        id,
        name,
        selectors: events,
        path: at => `/events/${at}`,
      }),
    )
  const queues = current
    .list('queue', organizationId)
    .filter(({ active }) => active)
    .map(
      ({ id, name, selectors }): Receiver => ({ kind: 'queue', id, name, selectors, path: at => `/selectors/${at}` }),
    )
  const workflows = current
    .list('workflow', organizationId)
    .flatMap(({ id, name, trigger, active, deployed, deletedAt }): Receiver[] =>
      trigger.kind === 'event' && active && deployed !== null && deletedAt === null
        ? [{ kind: 'workflow', id, name, selectors: [selectorOf(trigger)], path: () => '/trigger/event' }]
        : [],
    )
  return [...webhooks, ...queues, ...workflows]
}

function selectorOf({ event, version }: { event: string; version: string }): string {
  return /^\d/.test(version) && !event.includes('@') && !event.includes(':') ? `${event}@${version}` : event
}

type Version = Pick<Registration, 'namespace' | 'name' | 'version' | 'canonicalName'>

/** What selectors of every form have to say to match one of these versions. */
function keysOf(versions: readonly Version[]): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const { namespace, name, version, canonicalName } of versions) {
    if (namespace === GENERIC.namespace) continue
    const type = `${namespace}.${name}`
    for (const key of [
      `namespace ${namespace}`,
      `type ${type}`,
      `version ${type}@${version}`,
      `canonical ${canonicalName}`,
    ])
      keys.add(key)
  }
  return keys
}

/** It has matched versions, and none of them is left. */
function isGone(selector: Selector | undefined, all: ReadonlySet<string>, alive: ReadonlySet<string>): boolean {
  if (selector === undefined || selector.form === 'all' || selector.form === 'kind') return false
  const key = `${selector.form} ${selector.key}`
  return all.has(key) && !alive.has(key)
}
