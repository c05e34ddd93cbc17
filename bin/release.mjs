#!/usr/bin/env node
/**
 * `npm run release -- --check`: builds what would be published (npm tarballs, wheel and sdist, the Go module) and uses each
 * as a stranger would: in an empty folder, an empty virtual environment, and through a proxy of files. Publishes nothing.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const SDKS = join(ROOT, 'sdks')
const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const MODULE = 'clarion.example/clarion-go'
const MINUTES_MAX = 5

if (!process.argv.includes('--check')) {
  console.error('usage: npm run release -- --check   (publishing is done by hand, with what this has checked)')
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'clarion-release-'))
const failed = []
/** The folder of wheel and sdist. */
let built
try {
  for (const [name, check] of [
    ['versions', checkVersions],
    ['npm: @clarion/sdk', checkNpm],
    ['Python: wheel', () => checkPython('whl')],
    ['Python: sdist', () => checkPython('tar.gz')],
    ['Go', checkGo],
  ]) {
    try {
      check()
      console.log(`ok      ${name}`)
    } catch (error) {
      failed.push(name)
      console.log(`FAILED  ${name}: ${String(error.stderr ?? '') || error.message}`)
    }
  }
} finally {
  // Go makes the modules of its cache read-only.
  execFileSync('chmod', ['-R', 'u+w', folder])
  rmSync(folder, { recursive: true, force: true })
}
process.exit(failed.length === 0 ? 0 : 1)

function run(program, args, options = {}) {
  return execFileSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: MINUTES_MAX * 60_000,
    ...options,
  })
}

function equal(said, expected) {
  if (said.trim() !== expected) throw new Error(`said ${JSON.stringify(said)}, not ${JSON.stringify(expected)}`)
}

/** One version for the platform and all kits. */
function checkVersions() {
  const versions = {
    npm: JSON.parse(readFileSync(join(SDKS, 'typescript', 'package.json'), 'utf8')).version,
    command: /VERSION = '(.+)'/.exec(
      readFileSync(join(SDKS, 'typescript', 'src', 'client', 'exchange.ts'), 'utf8'),
    )?.[1],
    pyproject: /^version = "(.+)"/m.exec(readFileSync(join(SDKS, 'python', 'pyproject.toml'), 'utf8'))?.[1],
    python: /^VERSION = "(.+)"/m.exec(readFileSync(join(SDKS, 'python', 'src', 'clarion', '_policy.py'), 'utf8'))?.[1],
    go: /^const Version = "(.+)"/m.exec(readFileSync(join(SDKS, 'go', 'client.go'), 'utf8'))?.[1],
  }
  const others = Object.entries(versions).filter(([, version]) => version !== VERSION)
  if (others.length > 0) throw new Error(`not ${VERSION}: ${JSON.stringify(Object.fromEntries(others))}`)
}

function checkNpm() {
  const project = join(folder, 'npm')
  mkdirSync(project)
  run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: join(SDKS, 'typescript') })
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz'))
  const names = run('tar', ['-tzf', tarball])
  for (const wanted of ['LICENSE', 'README.md', 'examples/express.ts', 'dist/index.js.map', 'dist/index.d.ts'])
    if (!names.includes(`package/${wanted}\n`)) throw new Error(`the tarball has no ${wanted}`)
  writeFileSync(join(project, 'package.json'), '{"name":"stranger","version":"1.0.0","type":"module"}')
  run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--offline', join(folder, tarball)], { cwd: project })
  const program = `import { createClient, verifyWebhookSignature } from '@clarion/sdk'
createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k' })
console.log(verifyWebhookSignature('{}', {}, 'secret'))`
  writeFileSync(join(project, 'program.js'), program)
  equal(run('node', ['program.js'], { cwd: project }), 'false')
  equal(run(join(project, 'node_modules', '.bin', 'clarion'), ['--version']), `clarion ${VERSION}`)
}

/** Made at the first need: both forms of the package. */
function distributions() {
  if (built !== undefined) return built
  built = join(folder, 'dist')
  run('python3', ['-m', 'venv', 'builder'])
  const python = join(folder, 'builder', 'bin', 'python')
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'build', 'hatchling'])
  run(python, ['-m', 'build', '--no-isolation', '--outdir', built, join(SDKS, 'python')])
  return built
}

function checkPython(ending) {
  const file = readdirSync(distributions()).find(name => name.endsWith(ending))
  const venv = join(folder, `venv-${ending}`)
  run('python3', ['-m', 'venv', venv])
  const python = join(venv, 'bin', 'python')
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', join(distributions(), file)])
  const program = `import clarion, pathlib
clarion.Clarion(base_url="http://127.0.0.1:1", api_key="k")
assert (pathlib.Path(clarion.__file__).parent / "py.typed").exists()
print(clarion.__version__, clarion.verify_webhook_signature(b"{}", {}, "secret"))`
  equal(run(python, ['-c', program]), `${VERSION} False`)
}

/** A module proxy of files, as `GOPROXY` describes one. */
function checkGo() {
  const proxy = join(folder, 'proxy', MODULE, '@v')
  mkdirSync(proxy, { recursive: true })
  writeFileSync(join(proxy, 'list'), `v${VERSION}\n`)
  writeFileSync(join(proxy, `v${VERSION}.info`), JSON.stringify({ Version: `v${VERSION}` }))
  writeFileSync(join(proxy, `v${VERSION}.mod`), readFileSync(join(SDKS, 'go', 'go.mod')))
  const zip = `import pathlib, sys, zipfile
source, target, prefix = sys.argv[1:]
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(pathlib.Path(source).rglob("*")):
        if path.is_file():
            archive.write(path, f"{prefix}/{path.relative_to(source).as_posix()}")`
  run('python3', ['-c', zip, join(SDKS, 'go'), join(proxy, `v${VERSION}.zip`), `${MODULE}@v${VERSION}`])
  const project = join(folder, 'go')
  mkdirSync(project)
  const env = {
    ...process.env,
    ...{
      GOPROXY: `file://${join(folder, 'proxy')}`,
      GONOSUMDB: MODULE,
      GONOSUMCHECK: '1',
      GOFLAGS: '-mod=mod',
      GOSUMDB: 'off',
    },
    GOMODCACHE: join(folder, 'modules'),
  }
  writeFileSync(
    join(project, 'main.go'),
    `package main

import (
	"fmt"
	"net/http"

	clarion "${MODULE}"
)

func main() {
	_, err := clarion.NewClient(clarion.Options{BaseURL: "http://127.0.0.1:1", APIKey: "k"})
	fmt.Println(clarion.Version, err, clarion.VerifyWebhookSignature(nil, http.Header{}, []string{"secret"}))
}
`,
  )
  run('go', ['mod', 'init', 'stranger'], { cwd: project, env })
  run('go', ['get', `${MODULE}@v${VERSION}`], { cwd: project, env })
  equal(run('go', ['run', '.'], { cwd: project, env }), `${VERSION} <nil> false`)
}
