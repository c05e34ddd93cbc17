/** Runs npm, shows its progress, and turns its failures into a sentence with the remedy. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const PROGRESS_MS = 5_000
const SILENCE_MS = 30_000
const GRACE_MS = 500
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
/** npm's log of downloads (`--loglevel=http`); a package is a `.tgz`, from the registry or from the cache. */
const FETCHED = /^npm http (fetch GET 200|cache) .*\.tgz/
const NETWORK_CODES =
  /^(E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|PIPE|PROTO|40[137]|42\d|5\d\d)|ERR_SOCKET_TIMEOUT|FETCH_ERROR|.*CERT.*|.*SSL.*)$/

/**
 * Runs `npm <args>` in `root`. `packages`: how many it downloads into an empty folder. Returns its exit code, its error
 * output and the error code in it (`EUSAGE`, `ECONNREFUSED`, …).
 */
export function runNpm(root, args, { packages }) {
  const whole = [...args, '--no-audit', '--no-fund', '--loglevel=http']
  const byPath = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, [process.env.npm_execpath, ...whole]]
    : ['npm', whole]
  const child = spawn(...byPath, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const progress = showProgress(packages)
  let complaints = ''
  const onLine = line => {
    if (FETCHED.test(line)) progress.fetched()
    else if (/^npm (error|ERR!)/.test(line)) complaints += `${line}\n`
  }
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, onLine)
  const passOn = passSignalsOn(child)
  return new Promise((resolve, reject) => {
    child.once('error', error =>
      reject(new Error(`npm cannot be started (${error.message}): install npm, it comes with Node`)),
    )
    child.once('close', code => {
      if (passOn.signal)
        reject(
          Object.assign(new Error(`stopped by ${passOn.signal}`), { exitCode: 128 + constants.signals[passOn.signal] }),
        )
      else resolve({ code, complaints, errorCode: /^npm (?:error|ERR!) code (\S+)/m.exec(complaints)?.[1] })
    })
  }).finally(() => {
    passOn.end()
    progress.end()
  })
}

/** Whether the registry could not be reached, or did not serve: a network problem, not one of the lock file. */
export const isNetworkFailure = ({ errorCode }) => NETWORK_CODES.test(errorCode ?? '')

/** The failure in sentences, after npm's own output, which names the address and the package. */
export function npmFailure(result) {
  process.stderr.write(result.complaints)
  if (isNetworkFailure(result)) return new Error(NETWORK_REMEDY(result.errorCode))
  if (result.errorCode === 'ENOSPC')
    return new Error('the disk is full: the packages need about 1.2 GB. Make room and start again')
  if (result.errorCode === 'EACCES' || result.errorCode === 'EPERM' || result.errorCode === 'EROFS')
    return new Error(
      `npm may not write (${result.errorCode}, the path is above): give this user the project's folder and npm's cache`,
    )
  return new Error('npm could not install the packages; its reason is above')
}

const NETWORK_REMEDY = code =>
  [
    `npm could not get the packages from its registry (${code}, the address is above). What to do:`,
    '  - check the network; `npm ping` tries the registry alone',
    '  - behind a proxy: npm config set https-proxy http://HOST:PORT',
    '  - with a registry of your own: npm config set registry URL; with its certificate: npm config set cafile PATH',
    '  - then run the same command again: npm keeps what it has fetched',
  ].join('\n')

/**
 * A supervisor signals this process alone: npm must not continue without it, beside the npm of the next start. npm
 * ignores most signals while it downloads, so its process group, install scripts included, is killed a moment later.
 */
function passSignalsOn(child) {
  let killing
  const passed = {
    signal: undefined,
    end() {
      clearTimeout(killing) // npm has ended, and its pid may be reused
      for (const signal of SIGNALS) process.off(signal, pass)
    },
  }
  const pass = signal => {
    killing ??= setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MS)
    passed.signal ??= signal
    signalGroup(child, signal)
  }
  for (const signal of SIGNALS) process.on(signal, pass)
  return passed
}

function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // it has ended
  }
}

function showProgress(packages) {
  const startedMs = performance.now()
  let count = 0
  let lastMs = startedMs
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    const silentMs = performance.now() - lastMs
    const what = count < packages ? `has fetched ${count} of ${packages} packages` : 'unpacks and links the packages'
    const doubt =
      count < packages && silentMs > SILENCE_MS
        ? `; nothing new for ${Math.round(silentMs / 1000)} s (\`npm ping\` tries the registry)`
        : ''
    console.error(`clarion: npm ${what}, ${seconds} s${doubt} …`)
  }, PROGRESS_MS)
  return {
    fetched() {
      count++
      lastMs = performance.now()
    },
    end: () => clearInterval(timer),
  }
}

function eachLine(stream, onLine) {
  let rest = ''
  stream.setEncoding('utf8').on('data', text => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) onLine(line)
  })
  stream.on('end', () => rest && onLine(rest))
}
