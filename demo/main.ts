/** `npm run demo`: the real webhooks of GitHub, through a platform, counted on every side. */
import { createSystemClock, createSystemRandom } from '../src/clock.ts'
import { type Arguments, HELP, readArguments } from './arguments.ts'
import { createClient, DemoError } from './client.ts'
import { runDomain } from './domain/run.ts'
import { createOrganization } from './organization.ts'
import { type DemoPlatform, runningPlatform, startPlatform } from './platform.ts'
import { createProgress } from './progress.ts'
import { createReceiver } from './receiver.ts'
import { runThrough } from './run-through.ts'
import { runWorkflows } from './workflows/run.ts'

/** Of a platform that is killed: provisioning and scaling take a tenth of a second, retries of webhooks their twentieth part. */
const STRUCK_SETTINGS = { CLARION_TIME_SCALE: '0.05' }
const clock = createSystemClock()
const random = createSystemRandom()
const progress = createProgress({ stream: process.stderr, clock })
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interruption.abort(new DemoError('interrupted')))

process.exit(await main())

async function main(): Promise<number> {
  try {
    const given = readArguments(process.argv.slice(2), process.env)
    if (given !== 'help') return await onPlatform(given)
    console.log(HELP)
    return 0
  } catch (error) {
    progress.end()
    const reason = interruption.signal.aborted ? interruption.signal.reason : error
    console.error(`clarion demo: ${reason instanceof DemoError ? reason.message : ((reason as Error).stack ?? reason)}`)
    return 1
  }
}

async function onPlatform(given: Arguments): Promise<number> {
  const platform = await openPlatform(given)
  try {
    progress.say(`The platform is at ${platform.base}`)
    return await (given.domain || given.workflows ? underStrikes(given, platform) : withOrganization(given, platform))
  } catch (error) {
    if (platform.log()) console.error(platform.log())
    throw error
  } finally {
    progress.end()
    await platform.close()
  }
}

function openPlatform({ running, domain, workflows }: Arguments): Promise<DemoPlatform> {
  if (running) return runningPlatform(running.base, running.adminKey)
  progress.say('Starting a platform of its own …')
  return startPlatform({
    environment: process.env,
    clock,
    random,
    signal: interruption.signal,
    say: line => progress.say(`  ${line}`),
    settings: domain || workflows ? STRUCK_SETTINGS : {},
  })
}

async function underStrikes({ listen, domain }: Arguments, platform: DemoPlatform): Promise<number> {
  const receiver = await createReceiver({ host: listen, clock })
  try {
    const { signal } = interruption
    const run = domain ? runDomain : runWorkflows
    const { agrees, report } = await run({ platform, receiver, host: listen, clock, random, progress, signal })
    console.log(`\n${report}\n\n${agrees ? 'All counts agree.' : 'Counts differ.'}`)
    return agrees ? 0 : 1
  } finally {
    await receiver.close()
  }
}

async function withOrganization({ listen, running, keep }: Arguments, platform: DemoPlatform): Promise<number> {
  const operator = createClient({ base: platform.base, key: platform.adminKey })
  const receiver = await createReceiver({ host: listen, clock })
  try {
    const organization = await createOrganization(operator, random)
    try {
      const client = createClient({ base: platform.base, key: organization.apiKey, signal: interruption.signal })
      const { agrees, report } = await runThrough({
        client,
        receiver,
        host: listen,
        clock,
        progress,
        signal: interruption.signal,
      })
      console.log(`\n${report}\n\n${agrees ? 'All counts agree.' : 'Counts differ.'}`)
      return agrees ? 0 : 1
    } finally {
      if (keep) progress.say(`The organization ${organization.id} stays; its key: ${organization.apiKey}`)
      else if (running) await operator.ask('DELETE', `/api/v1/organizations/${organization.id}`)
    }
  } finally {
    await receiver.close()
  }
}
