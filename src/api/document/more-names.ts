/** Public names of the routes, the reference domain and queues, in the form of `operation-names.ts`. */
export const MORE_NAMES = `
GET /search search search
GET /platform/status getPlatformStatus platform.status
GET /organizations/usage compareOrganizations organizations.usage
GET /organizations/:id/load getOrganizationLoad organizations.load
GET /webhooks/deliveries searchDeliveries events.webhooks.searchDeliveries
POST /sinks createSink sinks.create once
GET /sinks listSinks sinks.list
GET /sinks/:id getSink sinks.get
PATCH /sinks/:id updateSink sinks.update
DELETE /sinks/:id deleteSink sinks.delete
POST /sinks/:id/activate activateSink sinks.activate
POST /sinks/:id/test testSink sinks.test
POST /inspectors createInspector inspectors.create once
GET /inspectors listInspectors inspectors.list
GET /inspectors/:id getInspector inspectors.get
PATCH /inspectors/:id updateInspector inspectors.update
DELETE /inspectors/:id deleteInspector inspectors.delete
GET /inspectors/:id/requests listInspectorRequests inspectors.requests
GET /webhooks/:id/stats getWebhookStats events.webhooks.stats
PUT /webhooks/:id/shadow setWebhookShadow events.webhooks.setShadow
GET /webhooks/:id/shadow getWebhookShadow events.webhooks.shadow
DELETE /webhooks/:id/shadow endWebhookShadow events.webhooks.endShadow
GET /events/custom/compare compareRegistrations events.custom.compare
GET /events/:id/why explainEvent events.why
GET /events/:id/lineage getEventLineage events.lineage
POST /events/custom/marketplace/publish publishListing events.custom.marketplace.publish once
GET /events/custom/marketplace listListings events.custom.marketplace.list
GET /events/custom/marketplace/forks listForks events.custom.marketplace.forks
GET /events/custom/marketplace/:id getListing events.custom.marketplace.get
PATCH /events/custom/marketplace/:id updateListing events.custom.marketplace.update
DELETE /events/custom/marketplace/:id unpublishListing events.custom.marketplace.unpublish once
POST /events/custom/marketplace/:id/republish republishListing events.custom.marketplace.republish once
POST /events/custom/marketplace/:id/fork forkListing events.custom.marketplace.fork
POST /events/custom/marketplace/:id/takedown takeDownListing events.custom.marketplace.takeDown
GET /drift/findings listDriftFindings drift.list
GET /drift/findings/:id getDriftFinding drift.get
POST /drift/findings/:id/acknowledge acknowledgeDriftFinding drift.acknowledge
POST /drift/findings/:id/ignore ignoreDriftFinding drift.ignore
POST /drift/findings/:id/resolve resolveDriftFinding drift.resolve once
GET /drift/summary getDriftSummary drift.summary
POST /drift/check checkDrift drift.check
GET /routes/:id/runs listRouteRuns routes.runs
POST /routes createRoute routes.create once
GET /routes listRoutes routes.list
GET /routes/:id getRoute routes.get
PATCH /routes/:id updateRoute routes.update
DELETE /routes/:id deleteRoute routes.delete
PUT /routes/:id/draft saveRouteDraft routes.saveDraft
POST /routes/:id/deploy deployRoute routes.deploy once
POST /routes/:id/rollback rollbackRoute routes.rollback once
POST /routes/:id/undeploy undeployRoute routes.undeploy once
POST /routes/:id/activate activateRoute routes.activate
POST /routes/:id/deactivate deactivateRoute routes.deactivate
GET /routes/:id/versions listRouteVersions routes.versions
GET /routes/:id/versions/:version getRouteVersion routes.version
POST /routes/:id/tokens createRouteToken routes.createToken once
DELETE /routes/:id/tokens/:tokenId deleteRouteToken routes.deleteToken
POST /orders createOrder orders.create once
GET /orders listOrders orders.list
GET /orders/:id getOrder orders.get
GET /resources listResources resources.list
GET /resources/:id getResource resources.get
PATCH /resources/:id updateResource resources.update
DELETE /resources/:id deleteResource resources.delete
POST /invoices createInvoice invoices.create once
GET /mail-templates listMailTemplates mailTemplates.list
GET /mail-templates/:name getMailTemplate mailTemplates.get
PUT /mail-templates/:name setMailTemplate mailTemplates.set
DELETE /mail-templates/:name deleteMailTemplate mailTemplates.delete
POST /invoices/usage createInvoiceOfUsage invoices.createOfUsage once
POST /invoices/usage-plans createUsagePlan invoices.usagePlans.create
GET /invoices/usage-plans listUsagePlans invoices.usagePlans.list
GET /invoices/usage-plans/:id getUsagePlan invoices.usagePlans.get
DELETE /invoices/usage-plans/:id deleteUsagePlan invoices.usagePlans.delete
GET /invoices listInvoices invoices.list
GET /invoices/:id getInvoice invoices.get
POST /invoices/:id/pay payInvoice invoices.pay
POST /infrastructure/clusters createCluster infrastructure.clusters.create once
GET /infrastructure/clusters listClusters infrastructure.clusters.list
GET /infrastructure/clusters/:id getCluster infrastructure.clusters.get
POST /infrastructure/clusters/:id/scale scaleCluster infrastructure.clusters.scale once
DELETE /infrastructure/clusters/:id deleteCluster infrastructure.clusters.delete
POST /infrastructure/alert-rules createAlertRule infrastructure.alertRules.create once
GET /infrastructure/alert-rules listAlertRules infrastructure.alertRules.list
GET /infrastructure/alert-rules/:id getAlertRule infrastructure.alertRules.get
PATCH /infrastructure/alert-rules/:id updateAlertRule infrastructure.alertRules.update
DELETE /infrastructure/alert-rules/:id deleteAlertRule infrastructure.alertRules.delete
POST /infrastructure/metrics sendMetric infrastructure.metrics.send
POST /infrastructure/instances createInstance infrastructure.instances.create once
GET /infrastructure/instances listInstances infrastructure.instances.list
GET /infrastructure/instances/:id getInstance infrastructure.instances.get
POST /infrastructure/instances/:id/start startInstance infrastructure.instances.start
POST /infrastructure/instances/:id/stop stopInstance infrastructure.instances.stop
POST /infrastructure/instances/:id/fail failInstance infrastructure.instances.fail
POST /infrastructure/instances/:id/scale scaleInstance infrastructure.instances.scale once
POST /infrastructure/instances/:id/suspend suspendInstance infrastructure.instances.suspend
POST /infrastructure/instances/:id/unsuspend unsuspendInstance infrastructure.instances.unsuspend
DELETE /infrastructure/instances/:id deleteInstance infrastructure.instances.delete
POST /infrastructure/instances/:id/health reportHealth infrastructure.instances.reportHealth
GET /infrastructure/instances/:id/health listHealth infrastructure.instances.health
POST /infrastructure/deployments createDeployment infrastructure.deployments.create once
GET /infrastructure/deployments listDeployments infrastructure.deployments.list
GET /infrastructure/deployments/:id getDeployment infrastructure.deployments.get
POST /infrastructure/deployments/:id/succeed succeedDeployment infrastructure.deployments.succeed
POST /infrastructure/deployments/:id/fail failDeployment infrastructure.deployments.fail
POST /infrastructure/deployments/:id/rollback rollbackDeployment infrastructure.deployments.rollback
POST /infrastructure/domains createDomain infrastructure.domains.add once
GET /infrastructure/domains listDomains infrastructure.domains.list
GET /infrastructure/domains/:id getDomain infrastructure.domains.get
POST /infrastructure/domains/:id/verify verifyDomain infrastructure.domains.verify
DELETE /infrastructure/domains/:id deleteDomain infrastructure.domains.remove
POST /designs createDesign designs.create once
GET /designs listDesigns designs.list
GET /designs/:id getDesign designs.get
PATCH /designs/:id updateDesign designs.update
DELETE /designs/:id deleteDesign designs.delete
POST /designs/:id/export exportDesign designs.export once
GET /designs/:id/exports/:part getDesignExport designs.getExport
POST /designs/:id/share shareDesign designs.share once
GET /designs/:id/shares/:part getDesignShare designs.getShare
POST /designs/:id/elements addDesignElement designs.addElement once
POST /designs/:id/suggestions/:part/apply applyDesignSuggestion designs.applySuggestion once
POST /queues createQueue queues.create once
GET /queues listQueues queues.list
GET /queues/:id getQueue queues.get
PATCH /queues/:id updateQueue queues.update
DELETE /queues/:id deleteQueue queues.delete
POST /queues/:id/receive receiveMessages queues.receive once
POST /queues/:id/ack ackMessages queues.ack
POST /queues/:id/nack nackMessages queues.nack
POST /queues/:id/extend extendLeases queues.extend
GET /queues/:id/stats getQueueStats queues.stats
GET /queues/:id/peek peekQueue queues.peek
GET /queues/:id/dead listQueueDeadLetters queues.dead
POST /queues/:id/redrive redriveQueue queues.redrive
POST /queues/:id/purge purgeQueue queues.purge
`
