/** `npm run demo -- --workflows`: the worked example of workflows, in every variant and under `kill -9`, to the unit. */
import type { Clock, Random } from '../../src/clock.ts'
import { createClient } from '../client.ts'
import type { DemoPlatform } from '../platform.ts'
import type { Progress } from '../progress.ts'
import type { Receiver } from '../receiver.ts'
import type { Line } from './ledger.ts'
import type { World } from './shop.ts'
import { strikeBetweenSteps, strikeUnderLoad } from './strikes.ts'
import { createSupplier } from './supplier.ts'
import { runVariant, VARIANTS } from './variants.ts'

export interface Part {
  name: string
  lines: Line[]
}

export async function runWorkflows(deps: {
  platform: DemoPlatform
  receiver: Receiver
  /** The address that the supplier listens on. */
  host: string
  clock: Clock
  random: Random
  progress: Progress
  signal: AbortSignal
}): Promise<{ agrees: boolean; report: string }> {
  const { platform, progress, host } = deps
  const supplier = await createSupplier(host)
  try {
    const operator = createClient({ base: platform.base, key: platform.adminKey })
    const world = { ...deps, base: platform.base, operator, supplier }
    const parts = await variantsOf(world, line => progress.say(line))
    let strikes = 0
    const strike = async () => {
      progress.say(`kill -9 (${++strikes})`)
      await platform.strike!()
    }
    progress.say('Held between every two steps')
    parts.push({ name: 'killed between every two steps', lines: await strikeBetweenSteps({ ...world, strike }) })
    progress.say('Orders without pause')
    parts.push({ name: 'killed under load', lines: await strikeUnderLoad({ ...world, strike }) })
    return { agrees: agree(parts), report: `${table(parts)}\n\n  ${strikes} kill -9` }
  } finally {
    await supplier.close()
  }
}

/** Every variant, deployed and in debug. */
export async function variantsOf(world: World, say: (line: string) => void): Promise<Part[]> {
  const parts: Part[] = []
  for (const variant of VARIANTS)
    for (const isDebug of [false, true]) {
      const name = variant.name + (isDebug ? ', in debug' : '')
      say(name)
      parts.push({ name, lines: await runVariant(world, variant, isDebug) })
    }
  return parts
}

export const agree = (parts: readonly Part[]): boolean =>
  parts.every(({ lines }) => lines.every(({ agrees }) => agrees))

/** Events are in the log, at the receiver and in ClickHouse; other figures have one side. */
export function table(parts: readonly Part[]): string {
  const cells = (figures: readonly unknown[]) => figures.map(each => String(each).padStart(12)).join('')
  const row = ({ name, expected, sides, agrees }: Line) =>
    `    ${name.padEnd(44)}${cells([expected, ...sides])}${agrees ? '' : '   <- differ'}`
  const heading = `    ${''.padEnd(44)}${cells(['expected', 'log', 'received', 'ClickHouse'])}`
  return [heading, ...parts.flatMap(({ name, lines }) => [`  ${name}`, ...lines.map(row)])].join('\n')
}
