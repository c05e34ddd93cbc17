/** Versions of workflows, compiled when they are needed; the newest ones used are kept. */
import { findVersionById } from '../../src/control-plane/workflows/get-workflow.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { deployedDefinition } from '../../src/workflows/deployed-definition.ts'
import { compileProgram, type Program } from '../../src/workflows/interpreter/program.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import { optionsOf } from './run-options.ts'

const PROGRAMS_MAX = 256

export interface Compiled {
  program: Program
  /** The names of `$env` that it reads. */
  env: readonly string[]
}

type ProgramOf = Pick<RunFacts, 'organizationId' | 'workflowId' | 'version' | 'options'>

export interface Programs {
  /** Undefined: there is no such version, or not any more. A run that brings its definition has that. */
  of(facts: ProgramOf): Compiled | undefined
}

export function createPrograms(view: Pick<ControlView, 'find'>): Programs {
  const byId = new Map<string, Compiled>()

  function compile(organizationId: string, workflowId: string, version: number): Compiled | undefined {
    const found = findVersionById(view, organizationId, workflowId, version)
    return found && { program: compileProgram(deployedDefinition(found)), env: found.env }
  }

  return {
    of({ organizationId, workflowId, version, options }) {
      const { definition, env = [] } = optionsOf({ options })
      if (definition !== undefined) return { program: compileProgram(deployedDefinition(definition)), env }
      const id = `${workflowId}.${version}`
      const known = byId.get(id)
      const compiled = known ?? compile(organizationId, workflowId, version)
      if (compiled === undefined) return undefined
      byId.delete(id)
      if (byId.size >= PROGRAMS_MAX) byId.delete(byId.keys().next().value!)
      byId.set(id, compiled)
      return compiled
    },
  }
}
