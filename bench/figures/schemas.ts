/**
 * The cost of many schemas: two thousand in turn beside one, and how long making a new one ready holds up everybody else. By the validators of
 * admission, payloads parsed as admission parses them.
 */
import { checkRegistration } from '../../src/registry/check-registration.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { median } from '../rates.ts'
import { hardSchemas, type Judged, orderPayload, orderSchema } from '../schemas.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const SCHEMAS = 2_000
const TURNS = 20
const ROUNDS_EACH = 5
const KEEPS_GOAL = 0.6
const STALL_GOAL_MS = 10

export async function measureSchemas(testbed: Testbed): Promise<Row[]> {
  return [measureMany(testbed), ...measureStalls(testbed)]
}

function measureMany({ clock, options, say }: Testbed): Row {
  const validators = createValidators({ cacheMax: 5_000 })
  const schemas = Array.from({ length: SCHEMAS }, (_, number) => orderSchema(number))
  const payloads = schemas.map((_, number) => orderPayload(number))
  const judge = (schema: Judged, payload: string): void => {
    const findings = validators.validate(schema, JSON.parse(payload))
    if (findings.length > 0) throw new Error(`a valid payload was refused: ${JSON.stringify(findings)}`)
  }
  const perSecond = (place: (number: number) => number): number => {
    const startedAtMs = clock.monotonicMs()
    for (let turn = 0; turn < TURNS; turn++)
      for (let number = 0; number < SCHEMAS; number++) judge(schemas[place(number)]!, payloads[place(number)]!)
    return (TURNS * SCHEMAS * 1_000) / (clock.monotonicMs() - startedAtMs)
  }
  perSecond(number => number)
  const [many, one]: [number[], number[]] = [[], []]
  for (let round = 0; round < options.rounds * ROUNDS_EACH; round++) {
    one.push(perSecond(() => 7))
    many.push(perSecond(number => number))
  }
  say(`judging: one schema ${whole(median(one))} payloads/s, ${SCHEMAS} in turn ${whole(median(many))}`)
  const kept = median(many) / median(one)
  return {
    figure: `payloads/s, ${whole(SCHEMAS)} schemas in turn`,
    clarion: whole(median(many)),
    baseline: `${whole(median(one))} (one schema)`,
    ratio: short(kept),
    goal: `≥ ${KEEPS_GOAL}`,
    holds: kept >= KEEPS_GOAL,
  }
}

/** Each time with everything forgotten, as in admission after a start, and for registration the whole check. */
function measureStalls({ clock, options, say }: Testbed): Row[] {
  const longest = { admission: 0, registration: 0 }
  for (const [what, judged] of Object.entries(hardSchemas())) {
    const rounds = Array.from({ length: options.rounds * ROUNDS_EACH }, () => {
      const validators = createValidators({ cacheMax: 10 })
      validators.compile({ type: 'object' }, judged.schemaFlavour)
      const beginMs = clock.monotonicMs()
      validators.validate(judged, {})
      const readyMs = clock.monotonicMs()
      const { findings } = checkRegistration(
        { namespace: 'bench', name: 'hard', version: '1.0.0', payloadSchema: judged.payloadSchema },
        { organization: { plan: 'ENTERPRISE', namespaceAllowlist: ['bench'] }, event: undefined, registrationsUsed: 0 },
        validators,
      )
      if (findings.length > 0) throw new Error(`${what} was refused: ${JSON.stringify(findings)}`)
      return { admission: readyMs - beginMs, registration: clock.monotonicMs() - readyMs }
    })
    const admission = median(rounds.map(round => round.admission))
    const registration = median(rounds.map(round => round.registration))
    say(`${what}: ready in ${short(admission)} ms, registered in ${short(registration)} ms`)
    longest.admission = Math.max(longest.admission, admission)
    longest.registration = Math.max(longest.registration, registration)
  }
  return [
    stallRow('a new schema in admission, ms', longest.admission),
    stallRow('a new schema at registration, ms', longest.registration),
  ]
}

const stallRow = (figure: string, milliseconds: number): Row => ({
  figure,
  clarion: short(milliseconds),
  baseline: 'hardest schema that is taken',
  ratio: '',
  goal: `< ${STALL_GOAL_MS} ms`,
  holds: milliseconds < STALL_GOAL_MS,
})
