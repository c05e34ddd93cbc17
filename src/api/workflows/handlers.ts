/** Workflows, their drafts and versions; and the same of API routes, which are workflows that a request starts. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Deployed, Deployments, DeployOptions } from '../../control-plane/workflows/deployments.ts'
import type { Drafts, GivenDraft } from '../../control-plane/workflows/drafts.ts'
import { findVersion, getVersion, getWorkflow } from '../../control-plane/workflows/get-workflow.ts'
import type { WorkflowSettings } from '../../control-plane/workflows/workflow-settings.ts'
import type { NewWorkflow, Workflows } from '../../control-plane/workflows/workflows.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { Workflow } from '../../model/workflows.ts'
import { readDefinition } from '../../workflows/kept-definition.ts'
import { ownRoutes, ownWorkflows } from '../../workflows/own-workflows.ts'
import { keyOf, ownerOf } from '../http/caller.ts'
import { pageOf, pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { unlessAway } from '../http/unless-away.ts'
import {
  changesIn,
  NEVER_RAN,
  presentDraft,
  presentSummary,
  presentWorkflow,
  type Stats,
  versionFacts,
} from './presenter.ts'
import { presentRoute, presentRouteSummary } from './route-presenter.ts'

export function createWorkflowHandlers(deps: {
  workflows: Workflows
  drafts: Drafts
  deployments: Deployments
  view: ControlView
  reads: Pick<Reads, 'workflowActivity'>
  /** The kind that these routes serve; ids of the other are unknown here. */
  sort: Sort
}) {
  const { workflows, drafts, deployments, view, reads, sort } = deps
  const id = (call: Call) => idOf(call, sort)
  const get = (call: Call) => getWorkflow(view, ownerOf(call), id(call))

  /** Of each workflow; null while the history is unavailable. */
  async function statsOf(of: readonly Workflow[]): Promise<(workflow: Workflow) => Stats | null> {
    const [first] = of
    if (first === undefined) return () => NEVER_RAN
    const found = await reads
      .workflowActivity(
        first,
        of.map(({ id }) => id),
      )
      .catch(unlessAway)
    return ({ id }) => (found === undefined ? null : (found.get(id) ?? NEVER_RAN))
  }
  const present = async (workflow: Workflow) => LISTS[sort].whole(workflow, (await statsOf([workflow]))(workflow), view)

  const switchTo =
    (active: boolean) =>
    async (call: Call): Promise<Answer> => {
      const switched = await workflows.switch(call.caller, ownerOf(call), id(call), active, call.expectedRevision)
      return { data: await present(switched) }
    }

  /** Newest first. */
  function pageOfVersions(call: Call, workflow: Workflow): Answer {
    const { limit, cursor } = pagingOf(call.query)
    const [before = workflow.lastVersion + 1] = readCursor('workflow-versions', cursor) ?? []
    const newest = Math.min(before, workflow.lastVersion + 1) - 1
    const oldest = Math.max(newest - limit + 1, workflow.firstVersion, 1)
    const numbers = Array.from({ length: Math.max(0, newest - oldest + 1) }, (_, at) => newest - at)
    const data = numbers.flatMap(number => {
      const version = findVersion(view, workflow, number)
      if (version === undefined) return []
      const changes = changesIn(version, findVersion(view, workflow, number - 1))
      const brief = changes?.map(({ kind, key }) => ({ kind, key })) ?? null
      return [{ ...versionFacts(workflow, version), changes: brief }]
    })
    const isLast = oldest <= Math.max(workflow.firstVersion, 1)
    return { data, nextCursor: isLast ? null : writeCursor('workflow-versions', [oldest]) }
  }

  const presentDeployed = ({ workflow, version, warnings }: Deployed) => ({
    ...{ ...versionFacts(workflow, version), active: workflow.active, warnings },
  })

  return {
    /** The answer that has this workflow as it is now. */
    shown: async (workflow: Workflow): Promise<Answer> => ({ data: await present(workflow) }),
    async create(call: Call): Promise<Answer> {
      const made = await workflows.create(call.caller, ownerOf(call), call.body as NewWorkflow)
      return { data: presentWorkflow(made, NEVER_RAN) }
    },
    async list(call: Call): Promise<Answer> {
      const { summary, own, cursors } = LISTS[sort]
      const { items, nextCursor } = pageOf(cursors, own(view, ownerOf(call)), pagingOf(call.query))
      const stats = await statsOf(items)
      return { data: items.map(item => summary(item, stats(item), view)), nextCursor }
    },
    get: async (call: Call): Promise<Answer> => ({ data: await present(get(call)) }),
    async patch(call: Call): Promise<Answer> {
      const patch = call.body as WorkflowSettings
      const patched = await workflows.patch(call.caller, ownerOf(call), id(call), patch, call.expectedRevision)
      return { data: await present(patched) }
    },
    async delete(call: Call): Promise<Answer> {
      await workflows.delete(call.caller, ownerOf(call), id(call), call.expectedRevision)
      return { data: { id: id(call), deleted: true } }
    },
    async saveDraft(call: Call): Promise<Answer> {
      const given = call.body as GivenDraft
      const saved = await drafts.save(call.caller, ownerOf(call), id(call), given, call.expectedRevision)
      return { data: presentDraft(saved.draft!) }
    },
    async deploy(call: Call): Promise<Answer> {
      const { caller, expectedRevision } = call
      const options = call.body as DeployOptions
      return {
        data: presentDeployed(
          await deployments.deploy(caller, keyOf(call), ownerOf(call), id(call), options, expectedRevision),
        ),
      }
    },
    async rollback(call: Call): Promise<Answer> {
      const { caller, expectedRevision } = call
      const { version } = call.body as { version: number }
      return {
        data: presentDeployed(
          await deployments.rollback(caller, keyOf(call), ownerOf(call), id(call), version, expectedRevision),
        ),
      }
    },
    async undeploy(call: Call): Promise<Answer> {
      const undeployed = await deployments.undeploy(call.caller, ownerOf(call), id(call), call.expectedRevision)
      return { data: await present(undeployed) }
    },
    activate: switchTo(true),
    deactivate: switchTo(false),
    versions: (call: Call): Answer => pageOfVersions(call, get(call)),
    version(call: Call): Answer {
      const workflow = get(call)
      const version = getVersion(view, workflow, numberOf(call.params.version!))
      const changes = changesIn(version, findVersion(view, workflow, version.version - 1))
      return { data: { ...versionFacts(workflow, version), definition: readDefinition(version), changes } }
    },
  }
}

export type Sort = 'workflow' | 'route'

const LISTS = {
  workflow: { whole: presentWorkflow, summary: presentSummary, own: ownWorkflows, cursors: 'workflows' },
  route: { whole: presentRoute, summary: presentRouteSummary, own: ownRoutes, cursors: 'routes' },
} as const

/** Throws `not_found` for an id of the other sort. */
export function idOf(call: Call, sort: Sort): string {
  const { id = '' } = call.params
  if (id.startsWith('rte_') === (sort === 'route')) return id
  throw new ClarionError('not_found', `There is no such ${sort}.`)
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new ClarionError('not_found', 'The workflow has no such version: versions are numbered from 1 on.')
}
