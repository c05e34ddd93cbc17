/** `clarion open`: the web console, at the page of an id, signed in as the key is. */
import { spawn } from 'node:child_process'
import { ClarionApiError } from '../client/errors.ts'
import { type Command, type Context, UsageError } from './command.ts'

const PAGES: Readonly<Record<string, string>> = {
  evt: '/events/',
  cee: '/emits/',
  dlv: '/deliveries/',
  wh: '/webhooks/',
  rpl: '/replays/',
  org: '/organizations/',
}
const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer.exe', linux: 'xdg-open' }

export const open: Command = {
  name: 'open',
  positionals: ['[ID]'],
  sentence: 'Open the web console, at the page of an event, emit, delivery, webhook or replay.',
  options: { print: { type: 'boolean', sentence: 'Print the link instead of opening it.' } },
  notes: `The link signs in once, within a minute, with the scopes of the key; a key without keys:manage gets the page alone, where you sign in.
  clarion open evt_06h2rmw21r000000000000n5shc35wmr
  clarion open --print`,
  async run(context) {
    const { positionals, print, options } = context
    const address = pageOf(positionals[0])
    const url = await linkTo(context, address)
    if (options.print === true || !(await opened(url))) print.line(url, { url })
    return 0
  },
}

function pageOf(id: string | undefined): string {
  if (id === undefined) return ''
  const [, prefix] = /^([a-z]+)_[0-9a-z]{10,}$/.exec(id) ?? []
  const page = PAGES[prefix ?? '']
  if (page === undefined)
    throw new UsageError(`'${id}' has no page`, `an id that begins with ${Object.keys(PAGES).join('_, ')}_`)
  return page + id
}

async function linkTo({ client, place, print, signal }: Context, address: string): Promise<string> {
  const console = `${place.url.replace(/\/+$/, '')}/console${address}`
  const { organization, key } = (await client().whoami({ signal })) as unknown as {
    organization: { id: string } | null
    key: { environment: 'live' | 'test'; scopes: string[] } | null
  }
  if (organization === null || key === null) return console
  const { environment, scopes } = key
  try {
    const made = await client().organizations.createConsoleLink(organization.id, { environment, scopes } as never, {
      signal,
    })
    return console + new URL((made as { url: string }).url).hash
  } catch (error) {
    if (!(error instanceof ClarionApiError && error.code === 'insufficient_scope')) throw error
    print.note('the key does not hold keys:manage: sign in on the page')
    return console
  }
}

/** False: this machine has no browser to open. */
function opened(url: string): Promise<boolean> {
  const program = OPENERS[process.platform]
  if (program === undefined) return Promise.resolve(false)
  return new Promise(resolve => {
    const child = spawn(program, [url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
