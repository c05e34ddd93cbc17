/** Every command of the reference domain, by name, and every transition by time. */
import { changeAlertRule, createAlertRule, deleteAlertRule, judgeMetric } from './alerts.ts'
import type { Change, Command, Situation } from './change.ts'
import { clusterDue, createCluster, deleteCluster, scaleCluster } from './clusters.ts'
import { createDeployment, transitDeployment } from './deployments.ts'
import {
  addElement,
  applySuggestion,
  changeDesign,
  createDesign,
  deleteDesign,
  exportDesign,
  shareDesign,
} from './designs.ts'
import { addDomain, domainDue, removeDomain, verifyDomain } from './domains.ts'
import { reportHealth } from './health-checks.ts'
import { createInstance, transitInstance } from './instances.ts'
import { createInvoice, payInvoice } from './invoices.ts'
import type { Entry } from './kinds.ts'
import { changeResource, createOrder, deleteResource, orderDue } from './orders.ts'
import { createUsagePlan, deleteUsagePlan } from './usage-plans.ts'

export const COMMANDS = {
  'order.create': createOrder,
  'resource.change': changeResource,
  'resource.delete': deleteResource,
  'cluster.create': createCluster,
  'cluster.scale': scaleCluster,
  'cluster.delete': deleteCluster,
  'invoice.create': createInvoice,
  'invoice.pay': payInvoice,
  'usage_plan.create': createUsagePlan,
  'usage_plan.delete': deleteUsagePlan,
  'alert_rule.create': createAlertRule,
  'alert_rule.change': changeAlertRule,
  'alert_rule.delete': deleteAlertRule,
  'metric.judge': judgeMetric,
  'instance.create': createInstance,
  'instance.start': transitInstance('start'),
  'instance.stop': transitInstance('stop'),
  'instance.fail': transitInstance('fail'),
  'instance.scale': transitInstance('scale'),
  'instance.suspend': transitInstance('suspend'),
  'instance.unsuspend': transitInstance('unsuspend'),
  'instance.delete': transitInstance('delete'),
  'instance.health': reportHealth,
  'deployment.create': createDeployment,
  'deployment.succeed': transitDeployment('succeed'),
  'deployment.fail': transitDeployment('fail'),
  'deployment.rollback': transitDeployment('rollback'),
  'domain.add': addDomain,
  'domain.verify': verifyDomain,
  'domain.remove': removeDomain,
  'design.create': createDesign,
  'design.change': changeDesign,
  'design.delete': deleteDesign,
  'design.export': exportDesign,
  'design.share': shareDesign,
  'design.element': addElement,
  'design.suggestion': applySuggestion,
} satisfies Record<string, Command>

export type CommandName = keyof typeof COMMANDS

export const isCommandName = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** The transition that is due. Undefined: a record of this kind, or in this state, has none. */
export function transitionOf(entry: Entry, situation: Situation): Change | undefined {
  if (entry.dueAtMs === null) return undefined
  if (entry.kind === 'order') return orderDue(entry as Entry<'order'>, situation)
  if (entry.kind === 'cluster') return clusterDue(entry as Entry<'cluster'>, situation)
  return entry.kind === 'domain' ? domainDue(entry as Entry<'domain'>, situation) : undefined
}
