/** Queues as SQS names them: `<base>/sqs/<organization>/<name>`, and `arn:aws:sqs:clarion:<organization>:<name>`. */
import type { ControlView } from '../../../model/control-view.ts'
import type { Owner } from '../../../model/environments.ts'
import type { QueueRecord } from '../../../model/queues.ts'
import { SqsError } from './errors.ts'

export const REGION = 'clarion'

type View = Pick<ControlView, 'list'>

export const urlOf = (base: string, { organizationId, name }: QueueRecord): string =>
  `${base}/sqs/${organizationId}/${name}`

export const arnOf = ({ organizationId, name }: QueueRecord): string =>
  `arn:aws:sqs:${REGION}:${organizationId}:${name}`

/** Of an environment, oldest first. */
export const queuesOf = (view: View, { organizationId, environment }: Owner): QueueRecord[] =>
  view.list('queue', organizationId).filter(queue => queue.environment === environment)

/** A URL counts by its path, since a client may come by another host than the one that the URL names. */
export function queueByUrl(view: View, owner: Owner, url: string): QueueRecord {
  const [name = '', account = owner.organizationId] = url.split('?')[0]!.split('/').reverse()
  return queueByName(view, owner, name, account)
}

/** Throws `ResourceNotFoundException`. */
export function queueByArn(view: View, owner: Owner, arn: string): QueueRecord {
  const [scheme, , service, , account, name = ''] = arn.split(':')
  const queue = queuesOf(view, owner).find(each => each.name === name)
  if (scheme === 'arn' && service === 'sqs' && account === owner.organizationId && queue !== undefined) return queue
  throw new SqsError(
    'ResourceNotFoundException',
    "The resource that you specified for the SourceArn parameter doesn't exist.",
  )
}

/** Throws `QueueDoesNotExist`, also for queues of others. */
export function queueByName(view: View, owner: Owner, name: string, account: string): QueueRecord {
  const queue = account === owner.organizationId ? queuesOf(view, owner).find(each => each.name === name) : undefined
  if (queue === undefined) throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.')
  return queue
}
