/** Every screen with an address of its own, and what its test needs to know of it. */
import { BILLING, FAILED, IDS } from './answers.ts'
import { FINDING, LISTING, QUEUE, RUN, WORKFLOW } from './automate-answers.ts'

export interface Screen {
  name: string
  path: string
  /** Of its page. */
  heading: string
  as?: 'operator'
  /** The list that it shows with one call for a page of it. */
  list?: { call: string; empty: string; beside?: string }
}

export const SCREENS: Screen[] = [
  { name: 'home', path: '/', heading: 'Home' },
  { name: 'live', path: '/live', heading: 'Live' },
  {
    name: 'log',
    path: '/log',
    heading: 'Log',
    list: {
      ...{ call: 'GET /events/custom/emits', empty: 'no event in this time range' },
      beside: 'GET /usage/timeseries',
    },
  },
  { name: 'event', path: `/events/${IDS.event}`, heading: 'northwind.order.paid no. 58' },
  { name: 'event-lineage', path: `/events/${IDS.event}?lineage=1`, heading: 'northwind.order.paid no. 58' },
  { name: 'emit-record', path: `/emits/${IDS.emit}`, heading: 'northwind.order.paid' },
  {
    name: 'types',
    path: '/types',
    heading: 'Event types',
    list: { call: 'GET /events/custom', empty: 'no event type yet' },
  },
  { name: 'type', path: '/types/northwind.order.paid', heading: 'northwind.order.paid' },
  { name: 'emit', path: '/emit?name=northwind.order.paid', heading: 'Emit an event' },
  {
    name: 'quarantine',
    path: '/quarantine',
    heading: 'Quarantine',
    list: { call: 'GET /events/custom/quarantine', empty: 'Nothing is in quarantine' },
  },
  { name: 'quarantined', path: `/quarantine?entry=${IDS.emit}`, heading: 'Quarantine' },
  {
    name: 'webhooks',
    path: '/webhooks',
    heading: 'Webhooks',
    list: { call: 'GET /webhooks', empty: 'no webhook yet' },
  },
  { name: 'webhook', path: `/webhooks/${BILLING}`, heading: 'billing' },
  { name: 'webhook-delivery', path: `/webhooks/${BILLING}?delivery=${FAILED}`, heading: 'billing' },
  { name: 'delivery', path: `/deliveries/${FAILED}`, heading: 'Delivery of northwind.order.paid' },
  {
    name: 'dead-letters',
    path: '/dead-letters',
    heading: 'Dead letters',
    list: { call: 'GET /webhooks/dead-letters', empty: 'no delivery has failed for good', beside: 'GET /webhooks' },
  },
  { name: 'replays', path: '/replays', heading: 'Replays', list: { call: 'GET /replays', empty: 'no replay yet' } },
  { name: 'replay', path: `/replays/${IDS.replay}`, heading: 'A recovery' },
  {
    name: 'inspectors',
    path: '/inspectors',
    heading: 'Inspectors',
    list: { call: 'GET /inspectors', empty: 'There is no inspector' },
  },
  { name: 'inspector', path: '/inspectors/ins_01m8r0myf9zw150m08c00qg5sb', heading: 'First run' },
  { name: 'start', path: '/start', heading: 'First run', as: 'operator' },
  {
    name: 'start-running',
    path: `/start?inspector=ins_1&webhook=${BILLING}&type=northwind.order.paid&event=${IDS.event}&step=2`,
    heading: 'First run',
  },
  { name: 'queues', path: '/queues', heading: 'Queues', list: { call: 'GET /queues', empty: 'no queue yet' } },
  { name: 'queue', path: `/queues/${QUEUE}`, heading: 'invoicing' },
  { name: 'queue-message', path: `/queues/${QUEUE}?entry=${IDS.event}`, heading: 'invoicing' },
  {
    name: 'workflows',
    path: '/workflows',
    heading: 'Workflows',
    list: { call: 'GET /workflows', empty: 'no workflow yet' },
  },
  { name: 'workflow', path: `/workflows/${WORKFLOW}`, heading: 'Reorder' },
  {
    name: 'runs',
    path: '/runs',
    heading: 'Runs',
    list: { call: 'GET /workflows/runs', empty: 'no run in this time range' },
  },
  { name: 'run', path: `/runs/${RUN}`, heading: 'Run' },
  {
    name: 'drift',
    path: '/drift',
    heading: 'Drift',
    list: { call: 'GET /drift/findings', empty: 'Nothing has drifted', beside: 'GET /drift/summary' },
  },
  { name: 'drift-finding', path: `/drift?entry=${FINDING}`, heading: 'Drift' },
  {
    name: 'marketplace',
    path: '/marketplace',
    heading: 'Marketplace',
    list: { call: 'GET /events/custom/marketplace', empty: 'Nobody offers an event type yet' },
  },
  {
    name: 'forks',
    path: '/marketplace?mine=forks',
    heading: 'Marketplace',
    list: { call: 'GET /events/custom/marketplace/forks', empty: 'Nothing was forked yet' },
  },
  { name: 'listing', path: `/marketplace?entry=${LISTING}`, heading: 'Marketplace' },
  { name: 'federation', path: '/federation', heading: 'Federation' },
  { name: 'usage', path: '/usage', heading: 'Usage' },
  { name: 'notifications', path: '/notifications', heading: 'Notifications' },
  { name: 'keys', path: '/keys', heading: 'Keys and Kafka' },
  { name: 'audit', path: '/audit', heading: 'Audit', list: { call: 'GET /audit', empty: 'Nothing was changed' } },
  {
    name: 'organizations',
    path: '/organizations',
    heading: 'Organizations',
    as: 'operator',
    list: { call: 'GET /organizations', empty: 'no organization yet', beside: 'GET /organizations/usage' },
  },
  { name: 'organization', path: `/organizations/${IDS.organization}`, heading: 'Northwind', as: 'operator' },
  { name: 'platform', path: '/platform', heading: 'Platform', as: 'operator' },
  { name: 'ledger', path: '/ledger', heading: 'Ledger', as: 'operator' },
]
