/** Every address of the console. A screen is loaded when it is needed; what it shows is in its search parameters. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
  retainSearchParams,
} from '@tanstack/react-router'
import { isRange, type Range } from './parts/range.ts'
import { only, parseSearch, stringifySearch } from './search-text.ts'
import { Crashed, NotFound } from './shell/faults.tsx'
import { Gate } from './shell/gate.tsx'

const root = createRootRoute({
  validateSearch: (search: Record<string, unknown>): { range?: Range | undefined } =>
    isRange(search.range) ? { range: search.range } : {},
  search: { middlewares: [retainSearchParams(['range'])] },
  component: Gate,
  notFoundComponent: NotFound,
  errorComponent: Crashed,
})

/** Filters of the log, with a range of their own when one was marked in the plot. */
const LOG_FILTERS = [
  ...(['status', 'name', 'type', 'verdict', 'code', 'subject', 'keyId', 'correlationId', 'idempotencyKey'] as const),
  ...(['webhookId', 'noSubscriber', 'from', 'to'] as const),
] as const

const under = { getParentRoute: () => root }
const lazy = (load: () => Promise<{ Screen: RouteComponent }>) => lazyRouteComponent(load, 'Screen')

const routes = [
  createRoute({ ...under, path: '/', component: lazy(() => import('./screens/home.tsx')) }),
  createRoute({
    ...under,
    path: '/log',
    validateSearch: only(...LOG_FILTERS),
    component: lazy(() => import('./screens/log.tsx')),
  }),
  createRoute({
    ...under,
    path: '/live',
    validateSearch: only('types'),
    component: lazy(() => import('./screens/live.tsx')),
  }),
  createRoute({
    ...under,
    path: '/events/$id',
    validateSearch: only('lineage'),
    component: lazy(() => import('./screens/event.tsx')),
  }),
  createRoute({ ...under, path: '/emits/$id', component: lazy(() => import('./screens/emit-record.tsx')) }),
  createRoute({
    ...under,
    path: '/types',
    validateSearch: only('status'),
    component: lazy(() => import('./screens/types.tsx')),
  }),
  createRoute({
    ...under,
    path: '/types/$name',
    validateSearch: only('version', 'with'),
    component: lazy(() => import('./screens/type.tsx')),
  }),
  createRoute({
    ...under,
    path: '/emit',
    validateSearch: only('name', 'from'),
    component: lazy(() => import('./screens/emit.tsx')),
  }),
  createRoute({
    ...under,
    path: '/quarantine',
    validateSearch: only('code', 'entry'),
    component: lazy(() => import('./screens/quarantine.tsx')),
  }),
  createRoute({
    ...under,
    path: '/webhooks',
    component: lazy(() => import('./screens/webhooks.tsx')),
  }),
  createRoute({
    ...under,
    path: '/webhooks/$id',
    validateSearch: only('status', 'type', 'delivery', 'error'),
    component: lazy(() => import('./screens/webhook.tsx')),
  }),
  createRoute({
    ...under,
    path: '/start',
    validateSearch: only('inspector', 'webhook', 'type', 'event', 'step'),
    component: lazy(() => import('./screens/start.tsx')),
  }),
  createRoute({ ...under, path: '/inspectors', component: lazy(() => import('./screens/inspectors.tsx')) }),
  createRoute({ ...under, path: '/inspectors/$id', component: lazy(() => import('./screens/inspector.tsx')) }),
  createRoute({ ...under, path: '/deliveries/$id', component: lazy(() => import('./screens/delivery.tsx')) }),
  createRoute({
    ...under,
    path: '/dead-letters',
    validateSearch: only('webhookId', 'type', 'errorKind', 'responseStatus'),
    component: lazy(() => import('./screens/dead-letters.tsx')),
  }),
  createRoute({
    ...under,
    path: '/replays',
    validateSearch: only('state'),
    component: lazy(() => import('./screens/replays.tsx')),
  }),
  createRoute({ ...under, path: '/replays/$id', component: lazy(() => import('./screens/replay.tsx')) }),
  createRoute({ ...under, path: '/queues', component: lazy(() => import('./screens/queues.tsx')) }),
  createRoute({
    ...under,
    path: '/queues/$id',
    validateSearch: only('entry'),
    component: lazy(() => import('./screens/queue.tsx')),
  }),
  createRoute({ ...under, path: '/workflows', component: lazy(() => import('./screens/workflows.tsx')) }),
  createRoute({ ...under, path: '/workflows/$id', component: lazy(() => import('./screens/workflow.tsx')) }),
  createRoute({
    ...under,
    path: '/runs',
    validateSearch: only('status', 'workflowId', 'code', 'event'),
    component: lazy(() => import('./screens/runs.tsx')),
  }),
  createRoute({
    ...under,
    path: '/runs/$id',
    validateSearch: only('step'),
    component: lazy(() => import('./screens/run.tsx')),
  }),
  createRoute({
    ...under,
    path: '/drift',
    validateSearch: only('kind', 'status', 'severity', 'entry'),
    component: lazy(() => import('./screens/drift.tsx')),
  }),
  createRoute({
    ...under,
    path: '/marketplace',
    validateSearch: only('q', 'sort', 'license', 'mine', 'entry'),
    component: lazy(() => import('./screens/marketplace.tsx')),
  }),
  createRoute({ ...under, path: '/federation', component: lazy(() => import('./screens/federation.tsx')) }),
  createRoute({
    ...under,
    path: '/usage',
    validateSearch: only('meter', 'interval', 'groupBy', 'span'),
    component: lazy(() => import('./screens/usage.tsx')),
  }),
  createRoute({ ...under, path: '/notifications', component: lazy(() => import('./screens/notifications.tsx')) }),
  createRoute({ ...under, path: '/keys', component: lazy(() => import('./screens/keys.tsx')) }),
  createRoute({
    ...under,
    path: '/audit',
    validateSearch: only('type', 'entityId', 'actor', 'entry'),
    component: lazy(() => import('./screens/audit.tsx')),
  }),
  createRoute({
    ...under,
    path: '/organizations',
    validateSearch: only('span', 'sort'),
    component: lazy(() => import('./screens/organizations.tsx')),
  }),
  createRoute({ ...under, path: '/organizations/$id', component: lazy(() => import('./screens/organization.tsx')) }),
  createRoute({ ...under, path: '/platform', component: lazy(() => import('./screens/platform.tsx')) }),
  createRoute({ ...under, path: '/ledger', component: lazy(() => import('./screens/ledger.tsx')) }),
] as const

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: '/console',
  defaultPreload: 'intent',
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
