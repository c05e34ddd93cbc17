/** Workflows: their settings and their switch. `drafts.ts` and `deployments.ts` change their definitions. */
import type { Clock } from '../../clock.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import { planOf } from '../../model/plans.ts'
import type { RouteTrigger, Workflow, WorkflowDraft } from '../../model/workflows.ts'
import type { Validators } from '../../registry/validators.ts'
import { keptBytes } from '../../workflows/kept-definition.ts'
import type { Announce, Announcement, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import { checkedDraft, checkKeepable } from './checked-draft.ts'
import { refuseSelfCall } from './checked-for-deploy.ts'
import { getWorkflow } from './get-workflow.ts'
import { outdatedVersions, VERSIONS_KEPT } from './kept-versions.ts'
import { checkRouteConflict } from './route-settings.ts'
import { checkKeptBytes, checkLiveCount, checkWorkflowCount, checkWritable } from './workflow-plan.ts'
import { checkedSettings, type TriggerInput, WORKFLOW_DEFAULTS, type WorkflowSettings } from './workflow-settings.ts'

export interface NewWorkflow extends WorkflowSettings {
  name: string
  trigger: TriggerInput | RouteTrigger
  /** Kept as the draft, with its findings. */
  definition?: unknown
}

export interface Workflows {
  /** Errors: those of the settings and of a draft, `workflow_quota_exceeded`. */
  create(caller: Caller, owner: Owner, input: NewWorkflow): Promise<Workflow>
  /** Errors: those of the settings, `not_found`, `revision_conflict`, `workflow_quota_exceeded`. */
  patch(caller: Caller, owner: Owner, id: string, patch: WorkflowSettings, revision?: number): Promise<Workflow>
  /** Idempotent. Errors: `workflow_not_deployed`, `workflow_quota_exceeded`. */
  switch(caller: Caller, owner: Owner, id: string, active: boolean, revision?: number): Promise<Workflow>
  /** Versions stay until no run can need them. */
  delete(caller: Caller, owner: Owner, id: string, revision?: number): Promise<void>
}

export interface WorkflowsDeps {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
  /** Compiles contracts. */
  validators: Validators
}

export function createWorkflows(deps: WorkflowsDeps): Workflows {
  const { store, view, ids, clock, announce } = deps

  function change(
    caller: Caller,
    of: { owner: Owner; id: string; revision: number | undefined; type: string },
    decide: (before: Workflow, current: DecisionView) => { fields: Partial<Workflow>; data?: object },
  ): Promise<Workflow> {
    return store.change(ids.next('chg'), (current): Decision<Workflow> => {
      const before = getWorkflow(current, of.owner, of.id)
      checkRevision(before, of.revision)
      const { fields, data } = decide(before, current)
      if (Object.keys(fields).length === 0) return { records: [], changes: [], result: before }
      const record = revised(before, fields, clock.nowMs())
      const changes = [announce(caller, { ...about(record, of.type), data: { name: record.name, ...data } })]
      return { records: [{ kind: 'workflow', record }], changes, result: record }
    })
  }

  function newWorkflow(owner: Owner, input: NewWorkflow, draft: WorkflowDraft | null): Workflow {
    const { definition: _draft, ...settings } = input
    const now = new Date(clock.nowMs()).toISOString()
    const { plan } = getOrganization(view, owner.organizationId)
    return {
      ...{
        id: ids.next(input.trigger.kind === 'route' ? 'rte' : 'wf'),
        ...owner,
        revision: 1,
        createdAt: now,
        updatedAt: now,
        name: input.name,
      },
      ...{ trigger: { kind: 'manual' }, active: false, ...WORKFLOW_DEFAULTS, draft, deployed: null },
      ...{ firstVersion: 0, lastVersion: 0, deletedAt: null },
      ...checkedSettings(settings, planOf(plan), deps.validators),
    }
  }

  return {
    async create(caller, owner, input) {
      const made = newWorkflow(owner, input, null)
      if (input.definition !== undefined) checkKeepable(input.definition)
      const draft =
        input.definition === undefined
          ? null
          : { ...checkedDraft(view, made, input.definition), revision: 1, ...authorship(caller, made.createdAt) }
      const workflow = { ...made, draft }
      return store.change(ids.next('chg'), current => {
        getOrganization(current, owner.organizationId)
        const workflows = current.list('workflow', owner.organizationId)
        checkWorkflowCount(workflows)
        checkRouteConflict(workflows, workflow)
        if (draft !== null) checkKeptBytes(current, owner.organizationId, keptBytes(draft))
        const data = { name: workflow.name, trigger: workflow.trigger.kind }
        return {
          records: [{ kind: 'workflow', record: workflow }],
          changes: [announce(caller, { ...about(workflow, 'WORKFLOW_CREATED'), data })],
          result: workflow,
        }
      })
    },
    async patch(caller, owner, id, patch, revision) {
      const { plan } = getOrganization(view, owner.organizationId)
      const workflow = getWorkflow(view, owner, id)
      const fields = checkedSettings(patch, planOf(plan), deps.validators)
      if (fields.concurrency?.whileWaiting === 'hold') refuseSelfCall(view, { ...workflow, ...fields })
      return change(caller, { owner, id, revision, type: 'WORKFLOW_UPDATED' }, (before, current) => {
        const workflows = current.list('workflow', owner.organizationId)
        checkWritable(getOrganization(current, owner.organizationId), workflows, before)
        checkRouteConflict(workflows, { ...before, ...fields })
        return { fields, data: { changed: Object.keys(fields) } }
      })
    },
    switch(caller, owner, id, active, revision) {
      const type = active ? 'WORKFLOW_ACTIVATED' : 'WORKFLOW_DEACTIVATED'
      return change(caller, { owner, id, revision, type }, (before, current) => {
        if (active && before.deployed === null) throw notDeployed(before)
        if (before.active === active) return { fields: {} }
        const organization = getOrganization(current, owner.organizationId)
        checkLiveCount(organization, current.list('workflow', owner.organizationId), { ...before, active })
        return { fields: { active } }
      })
    },
    delete: (caller, owner, id, revision) =>
      store.change(ids.next('chg'), current => {
        const before = getWorkflow(current, owner, id)
        checkRevision(before, revision)
        const deletedAt = new Date(clock.nowMs()).toISOString()
        const outdated = outdatedVersions(current, before, before.lastVersion + VERSIONS_KEPT, clock.nowMs())
        const record = revised(before, { deletedAt, active: false, deployed: null, draft: null }, clock.nowMs())
        const changes = [announce(caller, { ...about(before, 'WORKFLOW_DELETED'), data: { name: before.name } })]
        const removed = outdated.map(({ organizationId, id: of }): Change => {
          return { kind: 'workflow-version', remove: { organizationId, id: of } }
        })
        return { records: [{ kind: 'workflow', record }, ...removed], changes, result: undefined }
      }),
  }
}

export const authorship = ({ actorId }: Caller, updatedAt: string) => ({ updatedAt, updatedBy: actorId })

export const about = ({ organizationId, id }: Workflow, type: string): Announcement => ({
  ...{ organizationId, type, entityType: 'workflow', entityId: id },
})

export const notDeployed = ({ id }: Workflow) =>
  new ClarionError('workflow_not_deployed', `The workflow ${id} has no live version: deploy its draft first.`)
