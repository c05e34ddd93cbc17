/** Workflows, drafts and versions as callers see them. */
import type { Workflow, WorkflowDraft, WorkflowVersion } from '../../model/workflows.ts'
import { type DefinitionChange, definitionDiff } from '../../workflows/definition-diff.ts'
import { deployedDefinition } from '../../workflows/deployed-definition.ts'
import { readDefinition } from '../../workflows/kept-definition.ts'

export function presentWorkflow(workflow: Workflow) {
  return { ...presentSummary(workflow), draft: workflow.draft === null ? null : presentDraft(workflow.draft) }
}

/** Without definitions. */
export function presentSummary(workflow: Workflow) {
  const { firstVersion: _first, lastVersion: _last, deletedAt: _deleted, draft, ...visible } = workflow
  return { ...visible, draft: draft === null ? null : draftFacts(draft) }
}

export const presentDraft = (draft: WorkflowDraft) => ({ ...draftFacts(draft), definition: readDefinition(draft) })

function draftFacts({ deflated: _deflated, ...facts }: WorkflowDraft) {
  return facts
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
