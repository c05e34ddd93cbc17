/** `clarion login` and `clarion whoami`. */
import { ClarionApiError } from '../client/errors.ts'
import type { Command, Context } from './command.ts'
import { UsageError } from './command.ts'
import { readInput } from './input.ts'
import { saveProfile } from './profiles.ts'

interface Caller {
  kind: 'operator' | 'key'
  organization: { id: string; name: string; slug: string; plan: string } | null
  key: { id: string; name: string; environment: string; scopes: string[]; expiresAt: string | null } | null
}

export const login: Command = {
  name: 'login',
  positionals: [],
  sentence: 'Keep a key in a profile of yours, after it was tried: --key, or one line of stdin.',
  options: {},
  makesProfile: true,
  notes: `The profile is in ~/.config/clarion/config.json, which only its owner may read; --profile NAME makes another one.
  clarion login --url https://events.example.com < key.txt
  clarion login --profile test`,
  async run(context) {
    const name = context.text('profile') ?? context.env.CLARION_PROFILE ?? 'default'
    const key = context.text('key') ?? (await keyOnStdin(context))
    if (key === '') throw new UsageError('there is no key', 'give --key, or write the key to stdin')
    const url = context.text('url') ?? context.env.CLARION_URL ?? 'http://127.0.0.1:8080'
    const caller = (await context.clientFor({ url, key }).whoami({ signal: context.signal })) as unknown as Caller
    const file = await saveProfile(context.env, name, { url, key })
    context.print.record({ profile: name, url, ...factsOf(caller), file })
    return 0
  },
}

const keyOnStdin = async ({ print, stdin }: Context): Promise<string> => {
  if ((stdin as { isTTY?: boolean }).isTTY === true) print.note('the key (ck_live_… or ck_test_…), then Enter:')
  return (await readInput('-', stdin)).trim()
}

export const whoami: Command = {
  name: 'whoami',
  positionals: [],
  sentence: 'Which key calls, of which organization and environment, and where it came from.',
  options: {},
  async run({ client, place, print, signal }) {
    const caller = (await client().whoami({ signal })) as unknown as Caller
    const { url, urlFrom, keyFrom } = place
    print.record(print.json ? { ...caller, url, urlFrom, keyFrom } : { ...factsOf(caller), url, urlFrom, keyFrom })
    return 0
  },
}

export function factsOf({ kind, organization, key }: Caller): object {
  if (organization === null || key === null) return { kind }
  const { id, name, plan } = organization
  return {
    ...{ kind, organization: id, name, plan, key: key.id, environment: key.environment },
    ...{ scopes: key.scopes.join(' '), expiresAt: key.expiresAt ?? 'never' },
  }
}

/** Whether a refusal says that the key itself is wrong. */
export const isWrongKey = (error: unknown): boolean => error instanceof ClarionApiError && error.code === 'unauthorized'
