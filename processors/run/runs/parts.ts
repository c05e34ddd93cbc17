/** What the interpreter needs of a run: its program, its start, and a reader of secrets. */
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Workflow } from '../../../src/model/workflows.ts'
import { compileProgram } from '../../../src/workflows/interpreter/program.ts'
import type { DebugOptions, RunMode, RunStart } from '../../../src/workflows/interpreter/run.ts'
import type { RunParts } from '../../../src/workflows/interpreter/snapshot.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import type { RunDependencies } from '../dependencies.ts'
import { secretReader } from '../environment.ts'
import { exactJson, type StartedFacts } from '../facts.ts'
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
  startOf(facts: RunFacts): RunStart
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
  return Object.assign(partsOf, { nothing, startOf: (facts: RunFacts) => startOf(view, facts) })
}

function startOf(view: ControlView, facts: StartedFacts): RunStart {
  const { debug, known } = optionsOf(facts)
  const start = new Start(facts, view.find('workflow', facts.organizationId, facts.workflowId))
  if (debug !== undefined) start.debug = debug
  if (known !== undefined) start.known = known
  return start
}

/** Many runs read none of their scopes, and few read all. */
class Start implements RunStart {
  readonly id: string
  readonly workflowId: string
  readonly mode: RunMode
  readonly startedAtMs: number
  readonly variables: RunStart['variables']
  strict: boolean
  timeoutMs: number
  debug?: DebugOptions
  known?: Readonly<Record<string, unknown>>
  readonly facts: StartedFacts
  parsed: RunStart['scopes'] | undefined

  constructor(facts: StartedFacts, workflow: Workflow | undefined) {
    this.id = facts.runId
    this.workflowId = facts.workflowId
    this.mode = facts.mode as RunMode
    this.startedAtMs = facts.begunAtMs
    this.variables = facts.variables === '{}' ? NO_VARIABLES : JSON.parse(facts.variables)
    this.strict = workflow?.strict ?? false
    this.timeoutMs = 1000 * (workflow?.timeoutSeconds ?? TIMEOUT_SECONDS)
    this.facts = facts
    this.parsed = undefined
  }

  get scopes(): RunStart['scopes'] {
    const { texts, scopes } = this.facts
    this.parsed ??= texts === undefined ? (exactJson(scopes) as RunStart['scopes']) : new ScopesOfEvent(texts)
    return this.parsed
  }
}

const NO_VARIABLES: RunStart['variables'] = Object.freeze({})

class ScopesOfEvent {
  readonly texts: NonNullable<StartedFacts['texts']>
  param: unknown
  event: unknown

  constructor(texts: NonNullable<StartedFacts['texts']>) {
    this.texts = texts
    this.param = undefined
    this.event = undefined
  }
  get $param(): unknown {
    this.param ??= exactJson(this.texts.$param)
    return this.param
  }
  get $event(): unknown {
    this.event ??= exactJson(this.texts.$event)
    return this.event
  }
}
