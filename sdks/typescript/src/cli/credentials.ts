/** `clarion credentials …`: accounts for Kafka clients. */
import { rm, writeFile } from 'node:fs/promises'
import { type Command, UsageError } from './command.ts'

const ACCESS = ['produce', 'consume', 'both'] as const
type Access = (typeof ACCESS)[number]

const create: Command = {
  name: 'credentials create',
  positionals: ['NAME'],
  sentence: 'Make a Kafka credential; its password is shown once.',
  // biome-ignore format: a table
  options: {
    access: { type: 'string', value: 'WHAT', sentence: 'produce, consume or both; default both.' },
    out: { type: 'string', value: 'FILE', sentence: 'Write it there, for --kafka; only its owner may read the file. It must not exist.' },
  },
  async run({ client, positionals: [name], text, print, signal }) {
    const access = text('access') ?? 'both'
    if (!ACCESS.includes(access as Access))
      throw new UsageError(`there is no access '${access}'`, `one of: ${ACCESS.join(', ')}`)
    const file = text('out')
    // First the file, then the credential: a password that cannot be saved would be lost.
    if (file !== undefined) await writeNew(file, '')
    try {
      const made = await client().kafkaCredentials.create(
        { name: name as string, access: access as Access },
        { signal },
      )
      if (file === undefined) print.record(made)
      else {
        await writeFile(file, `${JSON.stringify(made, null, 2)}\n`)
        const { id, username, bootstrapServers, topics, groupPrefix } = made
        print.record({ id, name, access, username, bootstrapServers, topics, groupPrefix, file })
      }
    } catch (error) {
      if (file !== undefined) await rm(file, { force: true })
      throw error
    }
    return 0
  },
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(code === 'EEXIST' ? `${file} is there already` : `${file} cannot be written: ${code}`)
  }
}

const list: Command = {
  name: 'credentials list',
  positionals: [],
  sentence: 'Kafka credentials, without passwords.',
  options: {},
  async run({ client, print, signal }) {
    const { data } = await client().kafkaCredentials.list({ limit: 100 }, { signal })
    print.table(data, ['id', 'name', 'access', 'username', 'createdAt'])
    return 0
  },
}

const remove: Command = {
  name: 'credentials delete',
  positionals: ['ID'],
  sentence: 'Revoke one; open sessions end within seconds.',
  options: {},
  async run({ client, positionals: [id], print, signal }) {
    print.record(await client().kafkaCredentials.delete(id as string, { signal }))
    return 0
  },
}

export const CREDENTIALS: readonly Command[] = [create, list, remove]
