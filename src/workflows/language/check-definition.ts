/** Everything that deploy says about a definition, at once. */
import { checkActions } from './check-actions.ts'
import type { Definition } from './definition.ts'
import { type DeployContext, PERMISSIVE_CONTEXT } from './deploy-context.ts'
import { createFindings, type DefinitionFinding } from './findings.ts'
import { checkFlow } from './flow.ts'
import { readDefinition } from './read-definition.ts'

export interface CheckedDefinition {
  /** Undefined when a finding is an error of its form; warnings leave it defined. */
  definition: Definition | undefined
  /** At most 200, in the order of the text. None is an error: it can be deployed. */
  findings: DefinitionFinding[]
}

/** Never throws. `text` is the definition's JSON, at most 64 KB of UTF-8. */
export function checkDefinition(text: string | Buffer, context: DeployContext = PERMISSIVE_CONTEXT): CheckedDefinition {
  const findings = createFindings()
  const read = readDefinition(text, findings)
  const isSound = !findings.hasErrors
  if (read !== undefined) {
    checkActions(read, context, findings)
    checkFlow(read, context, findings)
  }
  return { definition: isSound ? read : undefined, findings: findings.list() }
}

export const canDeploy = ({ definition, findings }: CheckedDefinition): boolean =>
  definition !== undefined && !findings.some(({ severity }) => severity === 'error')
