/** The screens by verb. A session sees those that its scopes can use. */
import type { Session } from '../api/types.ts'
import { holds } from '../session/session.ts'
import { w } from '../words/words.ts'

interface Entry {
  /** A path of the router without parameters. */
  to:
    | '/'
    | '/live'
    | '/log'
    | '/types'
    | '/quarantine'
    | '/webhooks'
    | '/dead-letters'
    | '/replays'
    | '/inspectors'
    | '/start'
    | '/queues'
    | '/federation'
    | '/marketplace'
    | '/workflows'
    | '/runs'
    | '/drift'
    | '/usage'
    | '/notifications'
    | '/keys'
    | '/audit'
    | '/organizations'
    | '/ledger'
    | '/platform'
  name: string
  scope?: string
  /** Of no other plan. */
  plan?: string
}

interface Group {
  name: string | undefined
  entries: Entry[]
}

const OPERATOR: Group[] = [
  {
    name: w.groups.operator,
    entries: [
      { to: '/organizations', name: w.nav.overview },
      { to: '/platform', name: w.nav.platform },
      { to: '/ledger', name: w.nav.ledger },
      { to: '/start', name: w.nav.start },
    ],
  },
]

const ORGANIZATION: Group[] = [
  { name: undefined, entries: [{ to: '/', name: w.nav.home }] },
  {
    name: w.groups.events,
    entries: [
      { to: '/live', name: w.nav.live, scope: 'events:read' },
      { to: '/log', name: w.nav.log, scope: 'events:read' },
      { to: '/types', name: w.nav.types, scope: 'events:read' },
      { to: '/quarantine', name: w.nav.quarantine, scope: 'events:read' },
    ],
  },
  {
    name: w.groups.deliver,
    entries: [
      { to: '/webhooks', name: w.nav.webhooks, scope: 'webhooks:read' },
      { to: '/dead-letters', name: w.nav.deadLetters, scope: 'webhooks:read' },
      { to: '/replays', name: w.nav.replays, scope: 'webhooks:read' },
      { to: '/queues', name: w.nav.queues, scope: 'queues:manage' },
      { to: '/inspectors', name: w.nav.inspectors, scope: 'webhooks:read' },
    ],
  },
  {
    name: w.groups.share,
    entries: [
      { to: '/federation', name: w.nav.federation, scope: 'federation:manage', plan: 'ENTERPRISE' },
      { to: '/marketplace', name: w.nav.marketplace, scope: 'events:read' },
    ],
  },
  {
    name: w.groups.automate,
    entries: [
      { to: '/workflows', name: w.nav.workflows, scope: 'workflows:read' },
      { to: '/runs', name: w.nav.runs, scope: 'workflows:read' },
    ],
  },
  {
    name: w.groups.organization,
    entries: [
      { to: '/usage', name: w.nav.usage, scope: 'usage:read' },
      { to: '/drift', name: w.nav.drift, scope: 'events:read' },
      { to: '/notifications', name: w.nav.notifications, scope: 'notifications:manage' },
      { to: '/keys', name: w.nav.keys, scope: 'keys:manage' },
      { to: '/audit', name: w.nav.audit, scope: 'audit:read' },
    ],
  },
]

export function navigationOf(session: Session): Group[] {
  if (session.organization === null) return OPERATOR
  const { plan } = session.organization
  const allowed = (entry: Entry) =>
    (entry.scope === undefined || holds(session, entry.scope)) && (entry.plan === undefined || entry.plan === plan)
  const isShown = (entry: Entry) => session.screens === null || session.screens.includes(entry.to.slice(1) || 'home')
  const groups = ORGANIZATION.map(group => ({
    ...group,
    entries: group.entries.filter(each => allowed(each) && isShown(each)),
  }))
  return groups.filter(({ entries }) => entries.length > 0)
}
