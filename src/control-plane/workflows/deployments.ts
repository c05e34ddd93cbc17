/**
 * Deploys: a draft, or an older version, becomes the next version and is live in every process with the record that says
 * so. The definition is checked before the change; the change itself only compares, because all changes of the
 * installation pass through one writer.
 */
import type { Clock } from '../../clock.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { GradedFinding, KeptDefinition, Workflow, WorkflowVersion } from '../../model/workflows.ts'
import { keepDefinition, keptBytes, readDefinition } from '../../workflows/kept-definition.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Change, ControlStore, Decision } from '../store/store.ts'
import { type CheckedDefinition, checkedForDeploy } from './checked-for-deploy.ts'
import { kindOfName } from './deploy-context.ts'
import { getVersion, getWorkflow, versionId } from './get-workflow.ts'
import { outdatedVersions } from './kept-versions.ts'
import { checkKeptBytes, checkLiveCount, checkWritable } from './workflow-plan.ts'
import { about, notDeployed } from './workflows.ts'

export interface Deployed {
  workflow: Workflow
  version: WorkflowVersion
  warnings: GradedFinding[]
}

export interface DeployOptions {
  /** The hash of the draft that is meant: `revision_conflict` for another one. */
  ifHash?: string
  /** The first deploy switches the workflow on unless this is false; later ones leave it as it is. */
  activate?: boolean
}

export interface Deployments {
  /**
   * `key`: must hold the scopes of what the actions do. Errors: `not_found`, `workflow_nothing_to_deploy`,
   * `workflow_invalid`, `insufficient_scope`, `revision_conflict`, `workflow_quota_exceeded`.
   */
  deploy(
    caller: Caller,
    key: ApiKey,
    owner: Owner,
    id: string,
    options: DeployOptions,
    revision?: number,
  ): Promise<Deployed>
  /** The definition of an older version, as the next one. Errors: as of `deploy`; `not_found` for the version too. */
  rollback(caller: Caller, key: ApiKey, owner: Owner, id: string, version: number, revision?: number): Promise<Deployed>
  /** Errors: `not_found`, `workflow_not_deployed`, `revision_conflict`. */
  undeploy(caller: Caller, owner: Owner, id: string, revision?: number): Promise<Workflow>
}

/** The version to deploy. */
interface Source {
  kept: KeptDefinition
  rollbackOf: number | null
  activate: boolean | undefined
}

export function createDeployments(deps: {
  store: ControlStore
  view: ControlView
  ids: Ids
  clock: Clock
  announce: Announce
}): Deployments {
  const { store, view, ids, clock, announce } = deps

  async function goLive(
    caller: Caller,
    key: ApiKey,
    workflow: Workflow,
    source: Source,
    revision: number | undefined,
  ): Promise<Deployed> {
    checkRevision(workflow, revision)
    if (workflow.deployed?.hash === source.kept.hash) throw nothingToDeploy('That definition is live already.')
    const checked = checkedForDeploy(view, workflow, source.kept, key)
    const canonical = keepDefinition(readDefinition(source.kept), 'canonical')
    return store.change(ids.next('chg'), (current): Decision<Deployed> => {
      const before = getWorkflow(current, workflow, workflow.id)
      checkRevision(before, revision)
      checkUnchanged(current, { before, workflow, source, checked })
      const version = nextVersion(caller, before, { ...source, kept: canonical }, checked)
      const outdated = outdatedVersions(current, before, version.version, clock.nowMs())
      const after = afterDeploy(before, version, source.activate, outdated.length)
      checkLimits(current, before, after, version, outdated)
      const { hash, rollbackOf, version: number } = version
      const data = { name: after.name, version: number, hash, rollbackOf }
      return {
        records: [
          { kind: 'workflow-version', record: version },
          { kind: 'workflow', record: after },
          ...outdated.map(
            ({ organizationId, id }): Change => ({ kind: 'workflow-version', remove: { organizationId, id } }),
          ),
        ],
        changes: [announce(caller, { ...about(after, 'WORKFLOW_DEPLOYED'), data })],
        result: { workflow: after, version, warnings: checked.warnings },
      }
    })
  }

  function nextVersion(
    { actorId }: Caller,
    { id: workflowId, organizationId, environment, lastVersion }: Workflow,
    { kept, rollbackOf }: Source,
    { env }: CheckedDefinition,
  ): WorkflowVersion {
    const now = new Date(clock.nowMs()).toISOString()
    const version = lastVersion + 1
    return {
      ...{ id: versionId(workflowId, version), organizationId, revision: 1, createdAt: now, updatedAt: now },
      ...{ environment, workflowId, version, deployedBy: actorId, rollbackOf, env: [...env.keys()].sort() },
      ...kept,
    }
  }

  function afterDeploy(
    before: Workflow,
    version: WorkflowVersion,
    activate: boolean | undefined,
    outdated: number,
  ): Workflow {
    const isFirst = before.lastVersion === 0
    const { version: number, hash, createdAt: deployedAt, deployedBy } = version
    const fields = {
      deployed: { version: number, hash, deployedAt, deployedBy },
      active: isFirst ? activate !== false : activate === true || before.active,
      ...{ lastVersion: number, firstVersion: isFirst ? 1 : before.firstVersion + outdated },
    }
    return revised(before, fields, clock.nowMs())
  }

  return {
    async deploy(caller, key, owner, id, { ifHash, activate }, revision) {
      const workflow = getWorkflow(view, owner, id)
      const { draft } = workflow
      if (draft === null) throw nothingToDeploy('The workflow has no draft: save one first.')
      if (ifHash !== undefined && ifHash !== draft.hash)
        throw new ClarionError(
          'revision_conflict',
          `The draft has the hash ${draft.hash}, not ${ifHash}: look at it again.`,
        )
      return goLive(caller, key, workflow, { kept: draft, rollbackOf: null, activate }, revision)
    },
    async rollback(caller, key, owner, id, number, revision) {
      const workflow = getWorkflow(view, owner, id)
      const kept = getVersion(view, workflow, number)
      return goLive(caller, key, workflow, { kept, rollbackOf: number, activate: undefined }, revision)
    },
    undeploy: (caller, owner, id, revision) =>
      store.change(ids.next('chg'), (current): Decision<Workflow> => {
        const before = getWorkflow(current, owner, id)
        checkRevision(before, revision)
        if (before.deployed === null) throw notDeployed(before)
        const record = revised(before, { deployed: null }, clock.nowMs())
        const data = { name: record.name, version: before.deployed.version }
        return {
          records: [{ kind: 'workflow', record }],
          changes: [announce(caller, { ...about(record, 'WORKFLOW_UNDEPLOYED'), data })],
          result: record,
        }
      }),
  }
}

/** The definition was checked on an older state: what it depends on must be the same now. */
function checkUnchanged(
  current: DecisionView,
  {
    before,
    workflow,
    source,
    checked,
  }: { before: Workflow; workflow: Workflow; source: Source; checked: CheckedDefinition },
): void {
  const draftChanged = source.rollbackOf === null && before.draft?.hash !== source.kept.hash
  const settingsChanged = before.concurrency?.whileWaiting !== workflow.concurrency?.whileWaiting
  if (draftChanged || settingsChanged || before.lastVersion !== workflow.lastVersion)
    throw new ClarionError('revision_conflict', 'The workflow was changed meanwhile: look at it, and deploy again.')
  const { organizationId, environment } = before
  const gone = [...checked.env].find(([name, kind]) => kindOfName(current, organizationId, environment, name) !== kind)
  if (gone !== undefined)
    throw new ClarionError('revision_conflict', `${gone[0]} was deleted or changed meanwhile: deploy again.`)
}

function checkLimits(
  current: DecisionView,
  before: Workflow,
  after: Workflow,
  version: WorkflowVersion,
  outdated: WorkflowVersion[],
): void {
  const organization = getOrganization(current, before.organizationId)
  const workflows = current.list('workflow', before.organizationId)
  checkWritable(organization, workflows, before)
  if (!before.active || before.deployed === null) checkLiveCount(organization, workflows, after)
  const freed = outdated.reduce((sum, each) => sum + keptBytes(each), 0)
  checkKeptBytes(current, before.organizationId, keptBytes(version), freed)
}

const nothingToDeploy = (message: string) => new ClarionError('workflow_nothing_to_deploy', message)
