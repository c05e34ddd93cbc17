/** What the interpreter needs of a run: its program, its start, and a reader of secrets. */
import type { ControlView } from '../../../src/model/control-view.ts'
import { compileProgram } from '../../../src/workflows/interpreter/program.ts'
import type { RunStart } from '../../../src/workflows/interpreter/run.ts'
import type { RunParts } from '../../../src/workflows/interpreter/snapshot.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import type { RunDependencies } from '../dependencies.ts'
import { secretReader } from '../environment.ts'
import { exactJson } from '../facts.ts'
import type { Programs } from '../programs.ts'
import { optionsOf } from '../run-options.ts'

const TIMEOUT_SECONDS = 300
const NOTHING = compileProgram({ language: 1, actions: [], onError: [] })

export class VersionMissing extends Error {
  constructor({ workflowId, version }: RunFacts) {
    super(`The version ${version} of ${workflowId} is not kept any more.`)
  }
}

export interface PartsOf {
  /** `secrets`: collects the values that are read. Throws `VersionMissing`. */
  (facts: RunFacts, secrets: Set<string>): RunParts
  /** Of a run that cannot go on. */
  nothing(facts: RunFacts): RunParts
}

export function createPartsOf(deps: {
  view: ControlView
  secrets: RunDependencies['secrets']
  programs: Programs
}): PartsOf {
  const { view, programs } = deps
  const partsOf = (facts: RunFacts, secrets: Set<string>): RunParts => {
    const compiled = programs.of(facts)
    if (compiled === undefined) throw new VersionMissing(facts)
    return { program: compiled.program, start: startOf(view, facts), secret: secretReader(deps, facts, secrets) }
  }
  const nothing = (facts: RunFacts) => ({ program: NOTHING, start: startOf(view, facts), secret: () => undefined })
  return Object.assign(partsOf, { nothing })
}

function startOf(view: ControlView, facts: RunFacts): RunStart {
  const { runId: id, workflowId, mode, begunAtMs: startedAtMs, scopes, variables } = facts
  const workflow = view.find('workflow', facts.organizationId, workflowId)
  const { debug, known } = optionsOf(facts)
  let parsed: RunStart['scopes'] | undefined
  return {
    ...{ ...(debug === undefined ? {} : { debug }), ...(known === undefined ? {} : { known }) },
    ...{ id, workflowId, mode, startedAtMs },
    // Many runs read none of them.
    get scopes() {
      parsed ??= exactJson(scopes) as RunStart['scopes']
      return parsed
    },
    ...{ variables: JSON.parse(variables), strict: workflow?.strict ?? false },
    timeoutMs: 1000 * (workflow?.timeoutSeconds ?? TIMEOUT_SECONDS),
  }
}
