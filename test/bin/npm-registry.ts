/** A registry on loopback with a few small packages, for the real npm. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export interface Manifest {
  name: string
  version: string
  os?: string[]
  cpu?: string[]
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

export interface NpmRegistry {
  url: string
  /** From now on the package is not known (404), as where a registry does not serve a platform. */
  withdraw(name: string): void
  /** Serves what was withdrawn again. */
  restore(): void
  close(): Promise<void>
}

/** Serves the packages; `directory` takes their archives. */
export async function startNpmRegistry(directory: string, manifests: Manifest[]): Promise<NpmRegistry> {
  const archives = new Map(
    manifests.map(manifest => [
      `/${manifest.name}/-/${manifest.name}-${manifest.version}.tgz`,
      pack(directory, manifest),
    ]),
  )
  const withdrawn = new Set<string>()
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!)
    const name = path.split('/')[1]!
    const versions = manifests.filter(manifest => manifest.name === name)
    const archive = archives.get(path)
    if (withdrawn.has(name) || (!archive && versions.length === 0)) response.writeHead(404).end('{"error":"not found"}')
    else if (archive) response.end(archive)
    else response.end(JSON.stringify(packument(urlOf(server), versions, archives)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: urlOf(server),
    withdraw: name => void withdrawn.add(name),
    restore: () => withdrawn.clear(),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

function pack(directory: string, manifest: Manifest): Buffer {
  const folder = join(directory, `${manifest.name}-${manifest.version}`)
  mkdirSync(join(folder, 'package'), { recursive: true })
  writeFileSync(join(folder, 'package', 'package.json'), JSON.stringify(manifest))
  const archive = join(folder, 'package.tgz')
  execFileSync('tar', ['-czf', archive, '-C', folder, 'package'])
  return readFileSync(archive)
}

function packument(url: string, versions: Manifest[], archives: Map<string, Buffer>) {
  const entries = versions.map(manifest => {
    const path = `/${manifest.name}/-/${manifest.name}-${manifest.version}.tgz`
    const integrity = `sha512-${createHash('sha512').update(archives.get(path)!).digest('base64')}`
    return [manifest.version, { ...manifest, dist: { tarball: url + path, integrity } }]
  })
  return {
    name: versions[0]!.name,
    'dist-tags': { latest: versions.at(-1)!.version },
    versions: Object.fromEntries(entries),
  }
}
