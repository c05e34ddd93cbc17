/** The definition of a version, in its typed form. */
import type { KeptDefinition } from '../model/workflows.ts'
import { definitionText } from './kept-definition.ts'
import type { Definition } from './language/definition.ts'
import { createFindings } from './language/findings.ts'
import { readDefinition } from './language/read-definition.ts'

/** Throws for what is no definition at all: no version is. */
export function deployedDefinition(kept: KeptDefinition): Definition {
  const definition = readDefinition(definitionText(kept), createFindings())
  if (definition === undefined) throw new Error(`the definition ${kept.hash} cannot be read`)
  return definition
}
