/**
 * The limits of workflows. After a downgrade the newest active ones beyond the plan are read-only: they stay live, and
 * may be deactivated, undeployed and deleted, nothing else (docs/decisions/0042).
 */
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'
import { type Plan, planOf } from '../../model/plans.ts'
import type { Workflow } from '../../model/workflows.ts'
import { draftBytes, keptBytes } from '../../workflows/kept-definition.ts'
import { isRoute } from '../../workflows/route-table.ts'

/** Deployed or not, of both environments. */
export const WORKFLOWS_MAX = 1_000
/** Drafts and versions of an organization, deflated: every process holds them in memory. */
export const KEPT_BYTES_MAX = 32 * 1024 * 1024

const isLive = ({ active, deployed, deletedAt }: Workflow) => active && deployed !== null && deletedAt === null

/** Routes and workflows have limits of their own. */
const isSameSort = (one: Workflow, other: Workflow) => isRoute(one) === isRoute(other)
const liveMax = (plan: Plan, workflow: Workflow) =>
  isRoute(workflow) ? planOf(plan).deployedRoutes : planOf(plan).activeWorkflows
const wordFor = (workflow: Workflow, count: number) =>
  `${isRoute(workflow) ? 'route' : 'workflow'}${count === 1 ? '' : 's'}`

/** Throws `workflow_quota_exceeded` when no further workflow may be made. */
export function checkWorkflowCount(workflows: readonly Workflow[]): void {
  const used = workflows.filter(({ deletedAt }) => deletedAt === null).length
  if (used >= WORKFLOWS_MAX)
    throw quotaExceeded(`An organization has at most ${WORKFLOWS_MAX} workflows: delete one that is not needed.`)
}

/** Throws `workflow_quota_exceeded` when `workflow` would be live, and the plan has no place for another live one. */
export function checkLiveCount({ plan }: Organization, workflows: readonly Workflow[], workflow: Workflow): void {
  if (!isLive(workflow)) return
  const limit = liveMax(plan, workflow)
  const others = workflows.filter(each => each.id !== workflow.id && isLive(each) && isSameSort(each, workflow)).length
  if (others < limit) return
  const message = `The plan ${plan} has ${limit} active ${wordFor(workflow, limit)}; ${others} are: deactivate one, or deploy with activate: false.`
  throw quotaExceeded(message)
}

/** Throws `workflow_quota_exceeded` for a live workflow beyond the plan. `workflows`: oldest first. */
export function checkWritable({ plan }: Organization, workflows: readonly Workflow[], workflow: Workflow): void {
  const limit = liveMax(plan, workflow)
  const live = workflows.filter(each => isLive(each) && isSameSort(each, workflow))
  if (live.findIndex(each => each.id === workflow.id) < limit) return
  const message = `The plan ${plan} has ${limit} active ${wordFor(workflow, limit)}; this one is beyond them and can only be deactivated, undeployed or deleted.`
  throw quotaExceeded(message)
}

/** Throws `workflow_quota_exceeded` when `more` bytes would not fit. `freed`: bytes that the same change gives back. */
export function checkKeptBytes(
  current: Pick<ControlView, 'list'>,
  organizationId: string,
  more: number,
  freed = 0,
): void {
  const used = keptBytesOf(current, organizationId)
  if (used - freed + more <= KEPT_BYTES_MAX) return
  const message = `An organization keeps ${KEPT_BYTES_MAX / 1024 / 1024} MB of drafts and versions, deflated, and ${(used / 1024 / 1024).toFixed(1)} MB are used: delete workflows, or wait until versions are older than 8 days.`
  throw quotaExceeded(message)
}

export function keptBytesOf(current: Pick<ControlView, 'list'>, organizationId: string): number {
  const drafts = current.list('workflow', organizationId).map(({ draft }) => (draft === null ? 0 : draftBytes(draft)))
  const versions = current.list('workflow-version', organizationId).map(keptBytes)
  return [...drafts, ...versions].reduce((sum, bytes) => sum + bytes, 0)
}

export const quotaExceeded = (message: string, details?: Finding[]) =>
  new ClarionError('workflow_quota_exceeded', message, details === undefined ? {} : { details })
