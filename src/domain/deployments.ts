/** Deployments of releases to instances: started → succeeded or failed; either may be rolled back. */
import { type Command, change, changed, findEntry, invalidTransition, newEntry } from './change.ts'
import type { Deployment, Entry } from './kinds.ts'
import { liveInstance } from './live-instance.ts'

const STRATEGY = 'rolling'

export const createDeployment: Command = ({ body }, situation) => {
  const {
    instance_id,
    release,
    strategy = STRATEGY,
  } = body as Pick<Deployment, 'instance_id' | 'release'> & {
    strategy?: string
  }
  liveInstance(instance_id, situation)
  const fields: Deployment = { instance_id, release, strategy, status: 'started', reason: null }
  const entry = newEntry('deployment', fields, situation)
  return change([entry], [{ type: 'deploy.started', data: dataOf(entry) }], { status: 201 })
}

export type DeploymentAction = 'succeed' | 'fail' | 'rollback'

export const DEPLOYMENT_TRANSITIONS: Readonly<
  Record<DeploymentAction, { event: string; from: readonly Deployment['status'][]; to: Deployment['status'] }>
> = {
  succeed: { event: 'deploy.succeeded', from: ['started'], to: 'succeeded' },
  fail: { event: 'deploy.failed', from: ['started'], to: 'failed' },
  rollback: { event: 'deploy.rolled_back', from: ['started', 'succeeded', 'failed'], to: 'rolled_back' },
}

export const transitDeployment =
  (action: DeploymentAction): Command =>
  (given, situation) => {
    const entry = findEntry(situation, 'deployment', given)
    const { event, from, to } = DEPLOYMENT_TRANSITIONS[action]
    const { status } = entry.fields
    const { reason = null } = given.body as { reason?: string }
    if (!from.includes(status)) throw invalidTransition('deployment', status, `'${to}'`, PERMITTED[status])
    const next = changed(entry, { status: to, reason }, situation, { hasEnded: true })
    return change([next], [{ type: event, data: dataOf(next) }])
  }

const PERMITTED: Readonly<Record<Deployment['status'], string>> = {
  started: 'It can succeed, fail or be rolled back.',
  succeeded: 'It can be rolled back.',
  failed: 'It can be rolled back.',
  rolled_back: 'It has ended: make another one.',
}

function dataOf({ id, fields }: Entry<'deployment'>) {
  const { instance_id, release, strategy, status, reason } = fields
  return { deployment_id: id, instance_id, release, strategy, status, ...(reason === null ? {} : { reason }) }
}
