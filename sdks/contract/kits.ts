/** The three kits behind one interface: TypeScript in this process, Python and Go as programs that read lines. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Kit } from './kit.ts'
import { callInTypeScript, typescriptCalls, verifyInTypeScript } from './typescript-kit.ts'
import { streamInTypeScript } from './typescript-stream.ts'
import { typedInTypeScript } from './typescript-typed.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const run = promisify(execFile)

export const typescriptKit: Kit = {
  name: 'TypeScript',
  calls: async () => typescriptCalls(),
  call: callInTypeScript,
  verify: async signature => verifyInTypeScript(signature),
  stream: streamInTypeScript,
  typed: typedInTypeScript,
  close: () => undefined,
}

/** `cache`: a folder for the virtual environment, which is made once. Undefined where there is no python3. */
export async function pythonKit(cache: string): Promise<Kit | undefined> {
  if (!(await isThere('python3'))) return undefined
  const venv = join(cache, 'python')
  const python = join(venv, 'bin', 'python')
  if (!existsSync(join(venv, 'ready'))) {
    await run('python3', ['-m', 'venv', venv])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
    await run(python, [...pip, '-r', join(HERE, 'python', 'requirements.txt')])
    mkdirSync(join(venv, 'ready'))
  }
  const environment = { ...process.env, PYTHONPATH: join(HERE, '..', 'python', 'src') }
  return program('Python', spawn(python, [join(HERE, 'python', 'driver.py')], { env: environment }))
}

/** Undefined where there is no go. */
export async function goKit(cache: string): Promise<Kit | undefined> {
  if (!(await isThere('go'))) return undefined
  mkdirSync(cache, { recursive: true })
  const binary = join(cache, 'contract-go')
  await run('go', ['build', '-o', binary, '.'], { cwd: join(HERE, 'go') })
  return program('Go', spawn(binary, []))
}

const isThere = (tool: string): Promise<boolean> =>
  run(tool, [tool === 'go' ? 'version' : '--version']).then(
    () => true,
    () => false,
  )

function program(name: string, child: ChildProcess): Kit {
  const waiting: Array<{ resolve(value: unknown): void; reject(error: Error): void }> = []
  let errors = ''
  let isOver = false
  const ended = () => new Error(`${name} has ended: ${errors.slice(-2_000)}`)
  child.stderr!.on('data', chunk => {
    errors += chunk
  })
  createInterface({ input: child.stdout! }).on('line', line => waiting.shift()?.resolve(JSON.parse(line)))
  // Its last lines have been read by then.
  child.on('close', () => {
    isOver = true
    for (const { reject } of waiting.splice(0)) reject(ended())
  })
  const ask = (asked: object) =>
    new Promise<never>((resolve, reject) => {
      if (isOver) return reject(ended())
      waiting.push({ resolve: resolve as (value: unknown) => void, reject })
      child.stdin!.write(`${JSON.stringify(asked)}\n`)
    })
  return {
    name,
    calls: () => ask({ do: 'calls' }),
    call: asked => ask({ do: 'call', ...asked }),
    verify: ({ body, ...rest }) => ask({ do: 'verify', ...rest, body: body.toString('base64') }),
    stream: asked => ask({ do: 'stream', ...asked }),
    typed: asked => ask({ do: 'typed', ...asked }),
    close: () => void child.stdin!.end(),
  }
}

/** How a program in Python finds the kit and its dependency, once `pythonKit` has made the environment. */
export const pythonProgram = (cache: string): { python: string; path: string } => ({
  python: join(cache, 'python', 'bin', 'python'),
  path: join(HERE, '..', 'python', 'src'),
})

/** The go.mod of a program that uses the kit. */
export const goProgram = (): string =>
  `module clarion.example/sample\n\ngo 1.24\n\nrequire clarion.example/clarion-go v0.0.0\n\nreplace clarion.example/clarion-go => ${join(HERE, '..', 'go')}\n`
