/** Checks of definitions in tests: what is not said is a sound default. */
import { checkDefinition } from '../../../src/workflows/language/check-definition.ts'
import { type DeployContext, PERMISSIVE_CONTEXT } from '../../../src/workflows/language/deploy-context.ts'

export const definitionOf = (actions: unknown[], more: object = {}) => JSON.stringify({ language: 1, actions, ...more })

/** `path rule` of each finding. */
export const rulesOf = (text: string, context: Partial<DeployContext> = {}): string[] =>
  checkDefinition(text, { ...PERMISSIVE_CONTEXT, ...context }).findings.map(({ path, rule }) => `${path} ${rule}`)

/** The findings of one action, by their pointers within it. */
export const ofAction = (action: object, context: Partial<DeployContext> = {}): string[] =>
  rulesOf(definitionOf([{ key: 'a', ...action }]), context).map(finding => finding.replace('/actions/0', ''))
