/** The demo's command line. */
import { parseArgs } from 'node:util'
import { DemoError } from './client.ts'

export interface Arguments {
  /** A platform that is running; undefined starts one. */
  running: { base: string; adminKey: string } | undefined
  /** The address that the receiver listens on, and is reached at. */
  listen: string
  /** The reference domain in place of GitHub's payloads. */
  domain: boolean
  /** The worked example of workflows in place of GitHub's payloads. */
  workflows: boolean
  /** Leave the organization in the running platform. */
  keep: boolean
}

export const HELP = `Usage: npm run demo -- [--url URL --key KEY] [--listen ADDRESS] [--keep]
       npm run demo -- --domain
       npm run demo -- --workflows

Sends the real payloads of GitHub's webhooks through a platform, receives and verifies what comes out, and counts on every side. It starts
a platform of its own, in a temporary directory, unless it is told of one that is running.

  --url URL         A running platform, such as http://127.0.0.1:8080. Also: CLARION_URL.
  --key KEY         Its operator key, which it prints when it starts. Also: CLARION_ADMIN_KEY.
  --listen ADDRESS  Where the demo receives webhooks; the platform must reach it. Default: 127.0.0.1.
  --keep            Leave the demo's organization in the running platform, to look at.
  --domain          Instead: 1,000 orders, 200 scalings, 500 metrics and 300 invoices of the reference domain, while the platform is
                    killed twice; counts what was announced. On a platform of its own.
  --workflows       Instead: orders by a route that lower a stock, and a workflow that reorders, in every variant, deployed and in
                    debug, and while the platform is killed between every two steps. On a platform of its own.
  --help            This text.

A running platform sends to private addresses only if it is told to: EGRESS_ALLOW=127.0.0.0/8 EGRESS_ALLOW_HTTP=true npm start

Ends with 0 if all counts agree, with 1 if any two differ.`

/** Throws a sentence for what makes no sense. */
export function readArguments(given: string[], environment: Record<string, string | undefined>): Arguments | 'help' {
  const { url, key, listen, keep, domain, workflows, help } = parse(given)
  if (help) return 'help'
  const base = url ?? environment.CLARION_URL
  const adminKey = key ?? environment.CLARION_ADMIN_KEY
  if (domain && workflows) throw new DemoError('--domain and --workflows are two demos: give one of them')
  if ((domain || workflows) && base !== undefined)
    throw new DemoError(`--${domain ? 'domain' : 'workflows'} kills the platform: it takes no --url`)
  if (base !== undefined && !/^https?:\/\//.test(base))
    throw new DemoError(`--url must begin with http:// or https://, not '${base}'`)
  if (base !== undefined && !adminKey)
    throw new DemoError('a running platform needs its operator key: --key or CLARION_ADMIN_KEY')
  if (base === undefined && key !== undefined) throw new DemoError('--key goes with --url')
  if (base === undefined && keep) throw new DemoError('--keep goes with --url: a platform of the demo ends with it')
  const running = base === undefined ? undefined : { base: base.replace(/\/+$/, ''), adminKey: adminKey! }
  return { running, listen, keep, domain, workflows }
}

function parse(args: string[]) {
  try {
    const options = {
      url: { type: 'string' },
      key: { type: 'string' },
      listen: { type: 'string', default: '127.0.0.1' },
      keep: { type: 'boolean', default: false },
      domain: { type: 'boolean', default: false },
      workflows: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    } as const
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new DemoError(`${(error as Error).message}; try --help`)
  }
}
