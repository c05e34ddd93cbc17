/** Workflows, drafts and versions as callers see them. */
import type { WorkflowActivity } from '../../analytics/read/run-reads.ts'
import type { Workflow, WorkflowDraft, WorkflowVersion } from '../../model/workflows.ts'
import { type DefinitionChange, definitionDiff } from '../../workflows/definition-diff.ts'
import { deployedDefinition } from '../../workflows/deployed-definition.ts'
import { readDefinition } from '../../workflows/kept-definition.ts'

export function presentWorkflow(workflow: Workflow, stats: Stats | null) {
  return { ...presentSummary(workflow, stats), draft: workflow.draft === null ? null : presentDraft(workflow.draft) }
}

/** Without definitions. */
export function presentSummary(workflow: Workflow, stats: Stats | null) {
  const { firstVersion: _first, lastVersion: _last, deletedAt: _deleted, draft, contracts = {}, ...visible } = workflow
  return { ...visible, contracts, draft: draft === null ? null : draftFacts(draft), stats }
}

/** `null` in its place: the history cannot be read now. */
export type Stats = Omit<WorkflowActivity, 'lastRunAt' | 'lastStatus'> & {
  lastRunAt: string | null
  lastStatus: string | null
}
export const NEVER_RAN: Stats = { runs: 0, failed: 0, lastRunAt: null, lastStatus: null }

export const presentDraft = (draft: WorkflowDraft) => ({ ...draftFacts(draft), definition: readDefinition(draft) })

function draftFacts({ deflated: _deflated, pins = {}, ...facts }: WorkflowDraft) {
  return { ...facts, pins }
}

export function versionFacts(workflow: Workflow, of: WorkflowVersion) {
  const { workflowId, version, hash, bytes, createdAt: deployedAt, deployedBy, rollbackOf, env: reads } = of
  const live = workflow.deployed?.version === version
  return { workflowId, version, hash, bytes, deployedAt, deployedBy, rollbackOf, live, reads }
}

/** Null without a version before. */
export function changesIn(of: WorkflowVersion, before: WorkflowVersion | undefined): DefinitionChange[] | null {
  return before === undefined ? null : definitionDiff(deployedDefinition(before), deployedDefinition(of))
}
