/** Every transition of the reference domain once, as calls over HTTP. */

export type Ask = (
  method: string,
  path: string,
  body?: object,
) => Promise<{ id: string; resources: Array<{ resource_id: string }> }>

/** Types that the platform announces of its own, outside of the reference domain. */
export const BY_THE_PLATFORM = ['tenant.suspended', 'tenant.deleted', 'quota.exceeded']
/** It would take the number 1 of a log that nobody can follow yet: a service of the operator may publish it. */
export const BY_THE_OPERATOR = ['tenant.created']

/** `until`: asks again until the record has this status. The order is for the test environment where `failNext` is. */
export async function doEverything(
  ask: Ask,
  until: (path: string, status: string) => Promise<{ resources: Array<{ resource_id: string }> }>,
  canFail: boolean,
): Promise<string[]> {
  const base = '/api/v1'
  const infrastructure = `${base}/infrastructure`
  const items = [{ sku: 'vm', quantity: 1 }]
  const order = await ask('POST', `${base}/orders`, { customer_id: 'c1', items })
  if (canFail) await ask('POST', `${base}/orders`, { customer_id: 'c1', items, failNext: true })
  const { resources } = await until(`${base}/orders/${order.id}`, 'provisioned')
  const resource = resources[0]!.resource_id
  await ask('PATCH', `${base}/resources/${resource}`, { status: 'stopped' })
  await ask('DELETE', `${base}/resources/${resource}`)
  const invoice = await ask('POST', `${base}/invoices`, {
    ...{ customer_id: 'c1', currency: 'EUR', lines: [{ quantity: 1, unit_price: '9.99' }] },
  })
  await ask('POST', `${base}/invoices/${invoice.id}/pay`)
  const cluster = await ask('POST', `${infrastructure}/clusters`, { name: 'web', node_count: 2 })
  await ask('POST', `${infrastructure}/alert-rules`, { metric: 'cpu', operator: 'gt', threshold: 90 })
  await ask('POST', `${infrastructure}/metrics`, { cluster_id: cluster.id, metric: 'cpu', value: 95 })
  const instance = await ask('POST', `${infrastructure}/instances`, { name: 'api', image: 'app:1' })
  const at = `${infrastructure}/instances/${instance.id}`
  await ask('POST', `${at}/scale`, { replicas: 3 })
  for (const action of ['start', 'stop', 'start', 'fail', 'suspend', 'unsuspend'])
    await ask('POST', `${at}/${action}`, {})
  for (const end of ['succeed', 'fail', 'rollback']) {
    const made = await ask('POST', `${infrastructure}/deployments`, { instance_id: instance.id, release: '1.0' })
    await ask('POST', `${infrastructure}/deployments/${made.id}/${end}`, {})
  }
  for (const status of ['failed', 'failed', 'failed', 'passed'])
    await ask('POST', `${at}/health`, { check_id: 'http', status })
  await ask('DELETE', at)
  const domain = await ask('POST', `${infrastructure}/domains`, { hostname: 'shop.example.com' })
  await ask('POST', `${infrastructure}/domains/${domain.id}/verify`, { certificate_days: 10 })
  const design = await ask('POST', `${base}/designs`, { name: 'Poster' })
  const drawn = `${base}/designs/${design.id}`
  await ask('PATCH', drawn, { name: 'Flyer' })
  await ask('POST', `${drawn}/elements`, { type: 'text' })
  await ask('POST', `${drawn}/export`, { format: 'png' })
  await ask('POST', `${drawn}/share`, {})
  await ask('POST', `${drawn}/suggestions/1/apply`)
  await ask('DELETE', drawn)
  await until(`${infrastructure}/domains/${domain.id}`, 'expiring')
  await ask('DELETE', `${infrastructure}/domains/${domain.id}`)
  return announced(canFail)
}

/** What all of this announces. */
function announced(canFail: boolean): string[] {
  const order = ['order.created', 'order.provisioned', ...(canFail ? ['order.created', 'order.failed'] : [])]
  return [
    ...[...order, 'resource.created', 'resource.status_changed', 'resource.deleted'],
    ...['invoice.generated', 'invoice.paid', 'resource.created', 'alert.triggered', 'instance.created'],
    ...['instance.started', 'instance.stopped', 'instance.started', 'instance.failed', 'instance.suspended'],
    ...['instance.unsuspended', 'instance.scaled', ...Array<string>(3).fill('deploy.started'), 'deploy.succeeded'],
    ...['deploy.failed', 'deploy.rolled_back', ...Array<string>(3).fill('health.failed'), 'health.degraded'],
    ...['health.passed', 'health.recovered', 'instance.deleted', 'domain.added', 'domain.verified'],
    ...['cert.provisioned', 'cert.expiring', 'domain.removed', 'design.created', 'design.updated', 'element.added'],
    ...['design.exported', 'design.shared', 'ai.suggestion.applied', 'design.deleted'],
  ].sort()
}
