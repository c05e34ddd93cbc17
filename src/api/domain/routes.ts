/** Routes of the reference domain: orders, infrastructure, invoices and designs. */
import type { Route } from '../http/route.ts'
import { list, route, routesWith } from '../http/route-table.ts'
import { string, text } from '../http/schema-parts.ts'
import type { DomainHandlers } from './handlers.ts'
import * as designs from './schemas-designs.ts'
import * as infrastructure from './schemas-infrastructure.ts'
import * as orders from './schemas-orders.ts'

const CHANGE = { refusedWhenSuspended: true, takesIdempotencyKey: true, rate: 'domainChangesPerS' } as const
const read = routesWith('domain:read')
const manage = routesWith('domain:manage', CHANGE)

const BASE = '/api/v1'
const INFRASTRUCTURE = `${BASE}/infrastructure`
const byStatus = { 'status?': text(1, 40) }

// biome-ignore format: a table
export function createDomainRoutes({ change, get, list: page, partOf, invoiceOfUsage }: DomainHandlers): Route[] {
  return [...createOrderRoutes(), ...createClusterRoutes(), ...createInstanceRoutes(), ...createDesignRoutes()]

  function createOrderRoutes(): Route[] {
    const { order, resource, invoice, usagePlan } = orders
    const plans = `${BASE}/invoices/usage-plans`
    return [
      manage('POST', `${BASE}/orders`, 'Place an order; its resources are provided in a while.', { body: orders.newOrder, answer: order, status: 201 }, change('order.create')),
      read('GET', `${BASE}/orders`, 'List orders.', list(order, byStatus), page('order')),
      read('GET', `${BASE}/orders/:id`, 'One order.', { answer: order }, get('order')),
      read('GET', `${BASE}/resources`, 'List resources.', list(resource, { ...byStatus, 'order_id?': string }), page('resource', ({ query: { status, order_id } }) => ({ status, order_id }))),
      read('GET', `${BASE}/resources/:id`, 'One resource.', { answer: resource }, get('resource')),
      manage('PATCH', `${BASE}/resources/:id`, 'Change the status of a resource.', { body: orders.resourcePatch, answer: resource }, change('resource.change')),
      manage('DELETE', `${BASE}/resources/:id`, 'Delete a resource, for good.', { answer: resource }, change('resource.delete')),
      manage('POST', `${BASE}/invoices`, 'Make an invoice with the next number.', { body: orders.newInvoice, answer: invoice, status: 201 }, change('invoice.create')),
      route('POST', `${BASE}/invoices/usage`, 'domain:manage and usage:read', 'Make the invoice of the usage of a month that is over, once.', { body: orders.usageInvoice, answer: invoice, status: 201, refusedWhenSuspended: true, rate: 'domainChangesPerS' }, invoiceOfUsage),
      route('POST', plans, 'domain:manage and usage:read', 'Let the usage of each month become an invoice by itself.', { ...CHANGE, body: orders.newUsagePlan, answer: usagePlan, status: 201 }, change('usage_plan.create')),
      read('GET', plans, 'List usage plans.', list(usagePlan, { 'customer_id?': string }), page('usage_plan', ({ query: { customer_id } }) => ({ customer_id }))),
      read('GET', `${plans}/:id`, 'One usage plan.', { answer: usagePlan }, get('usage_plan')),
      manage('DELETE', `${plans}/:id`, 'Delete a usage plan; its invoices stay.', { answer: orders.removed }, change('usage_plan.delete')),
      read('GET', `${BASE}/invoices`, 'List invoices.', list(invoice, { ...byStatus, 'customer_id?': string }), page('invoice', ({ query: { status, customer_id } }) => ({ status, customer_id }))),
      read('GET', `${BASE}/invoices/:id`, 'One invoice.', { answer: invoice }, get('invoice')),
      manage('POST', `${BASE}/invoices/:id/pay`, 'An invoice has been paid.', { answer: invoice }, change('invoice.pay')),
    ]
  }

  function createClusterRoutes(): Route[] {
    const { cluster, alertRule } = orders
    const path = `${INFRASTRUCTURE}/clusters`
    const rules = `${INFRASTRUCTURE}/alert-rules`
    return [
      manage('POST', path, 'Make a cluster.', { body: orders.newCluster, answer: cluster, status: 201 }, change('cluster.create')),
      read('GET', path, 'List clusters.', list(cluster, byStatus), page('cluster')),
      read('GET', `${path}/:id`, 'One cluster.', { answer: cluster }, get('cluster')),
      manage('POST', `${path}/:id/scale`, 'Scale a cluster to a number of nodes, or by some.', { body: orders.scaling, answer: orders.scaled, status: 202 }, change('cluster.scale')),
      manage('DELETE', `${path}/:id`, 'Delete a cluster that is ready, for good.', { answer: cluster }, change('cluster.delete')),
      manage('POST', rules, 'Make a rule for alerts.', { body: orders.newAlertRule, answer: alertRule, status: 201 }, change('alert_rule.create')),
      read('GET', rules, 'List rules for alerts.', list(alertRule, { 'metric?': string }), page('alert_rule', ({ query: { metric } }) => ({ metric }))),
      read('GET', `${rules}/:id`, 'One rule for alerts.', { answer: alertRule }, get('alert_rule')),
      manage('PATCH', `${rules}/:id`, 'Change a rule; it is armed again.', { body: orders.alertRulePatch, answer: alertRule }, change('alert_rule.change')),
      manage('DELETE', `${rules}/:id`, 'Delete a rule.', { answer: orders.removed }, change('alert_rule.delete')),
      manage('POST', `${INFRASTRUCTURE}/metrics`, 'Judge a metric by the rules for its cluster.', { body: orders.newMetric, answer: orders.judgedMetric }, change('metric.judge')),
    ]
  }

  function createInstanceRoutes(): Route[] {
    const { instance, deployment, domain, withReason } = infrastructure
    const path = `${INFRASTRUCTURE}/instances`
    const deployments = `${INFRASTRUCTURE}/deployments`
    const domains = `${INFRASTRUCTURE}/domains`
    const step = { body: withReason, bodyOptional: true }
    return [
      manage('POST', path, 'Make an instance.', { body: infrastructure.newInstance, answer: instance, status: 201 }, change('instance.create')),
      read('GET', path, 'List instances.', list(instance, byStatus), page('instance')),
      read('GET', `${path}/:id`, 'One instance.', { answer: instance }, get('instance')),
      manage('POST', `${path}/:id/start`, 'Start an instance.', { ...step, answer: instance }, change('instance.start')),
      manage('POST', `${path}/:id/stop`, 'Stop an instance.', { ...step, answer: instance }, change('instance.stop')),
      manage('POST', `${path}/:id/fail`, 'An instance has failed.', { ...step, answer: instance }, change('instance.fail')),
      manage('POST', `${path}/:id/scale`, 'Change how many replicas an instance has.', { body: infrastructure.instanceScaling, answer: instance }, change('instance.scale')),
      manage('POST', `${path}/:id/suspend`, 'Suspend an instance.', { ...step, answer: instance }, change('instance.suspend')),
      manage('POST', `${path}/:id/unsuspend`, 'Let a suspended instance go on as before.', { ...step, answer: instance }, change('instance.unsuspend')),
      manage('DELETE', `${path}/:id`, 'Delete an instance, for good.', { answer: instance }, change('instance.delete')),
      manage('POST', `${path}/:id/health`, 'Report the result of a health check.', { body: infrastructure.newHealth, answer: infrastructure.health }, change('instance.health')),
      read('GET', `${path}/:id/health`, 'Newest results of the health checks of an instance.', list(infrastructure.health), page('health_check', ({ params: { id } }) => ({ instance_id: id }), 'instance')),
      manage('POST', deployments, 'Start a deployment of a release to an instance.', { body: infrastructure.newDeployment, answer: deployment, status: 201 }, change('deployment.create')),
      read('GET', deployments, 'List deployments.', list(deployment, { ...byStatus, 'instance_id?': string }), page('deployment', ({ query: { status, instance_id } }) => ({ status, instance_id }))),
      read('GET', `${deployments}/:id`, 'One deployment.', { answer: deployment }, get('deployment')),
      manage('POST', `${deployments}/:id/succeed`, 'A deployment has succeeded.', { ...step, answer: deployment }, change('deployment.succeed')),
      manage('POST', `${deployments}/:id/fail`, 'A deployment has failed.', { ...step, answer: deployment }, change('deployment.fail')),
      manage('POST', `${deployments}/:id/rollback`, 'Roll a deployment back.', { ...step, answer: deployment }, change('deployment.rollback')),
      manage('POST', domains, 'Add a domain.', { body: infrastructure.newDomain, answer: domain, status: 201 }, change('domain.add')),
      read('GET', domains, 'List domains.', list(domain, byStatus), page('domain')),
      read('GET', `${domains}/:id`, 'One domain with its certificate.', { answer: domain }, get('domain')),
      manage('POST', `${domains}/:id/verify`, 'A domain is verified, and gets a certificate.', { body: infrastructure.verification, bodyOptional: true, answer: domain }, change('domain.verify')),
      manage('DELETE', `${domains}/:id`, 'Remove a domain, for good.', { answer: domain }, change('domain.remove')),
    ]
  }

  function createDesignRoutes(): Route[] {
    const { design } = designs
    const path = `${BASE}/designs`
    return [
      manage('POST', path, 'Make a design.', { body: designs.newDesign, answer: design, status: 201 }, change('design.create')),
      read('GET', path, 'List designs, without their parts.', list(designs.designSummary), page('design', () => ({}))),
      read('GET', `${path}/:id`, 'One design with its parts.', { answer: design }, get('design')),
      manage('PATCH', `${path}/:id`, 'Change a design.', { body: designs.designPatch, answer: design }, change('design.change')),
      manage('DELETE', `${path}/:id`, 'Delete a design.', { answer: orders.removed }, change('design.delete')),
      manage('POST', `${path}/:id/export`, 'Export a design.', { body: designs.newExport, answer: designs.exported, status: 201 }, change('design.export')),
      read('GET', `${path}/:id/exports/:part`, 'One export of a design.', { answer: designs.partOfDesign }, partOf('exports', 'exportId')),
      manage('POST', `${path}/:id/share`, 'Share a design.', { body: designs.newShare, bodyOptional: true, answer: designs.shared, status: 201 }, change('design.share')),
      read('GET', `${path}/:id/shares/:part`, 'One share of a design.', { answer: designs.partOfDesign }, partOf('shares', 'shareId')),
      manage('POST', `${path}/:id/elements`, 'Add an element to a design.', { body: designs.newElement, answer: designs.element, status: 201 }, change('design.element')),
      manage('POST', `${path}/:id/suggestions/:part/apply`, 'Apply a suggestion to a design, by its number.', { answer: designs.suggestion, status: 201 }, change('design.suggestion')),
    ]
  }
}
