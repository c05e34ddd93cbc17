/**
 * Each file of a data directory, damaged in each way. One platform makes the directory; each case works on a copy of it. A start that must stop does
 * so before Java runs, so nearly all of it is file work.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { dataProblems } from '../../src/embedded/data-check.ts'
import { DATA_FILES } from '../../src/embedded/data-files.ts'
import { startPlatform } from '../platform/start.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

const USE = { kafka: true, clickhouse: true, keys: true }

/** Ways to spoil a file. What a file mode forbids, root may do all the same; links that go in a circle and directories nobody can read as a file. */
const DAMAGES: Record<string, (path: string) => void> = {
  missing: path => rmSync(path, { recursive: true }),
  empty: path => replace(path, () => writeFileSync(path, '')),
  'cut off': path => replace(path, () => writeFileSync(path, '{"password":"x')),
  'of another shape': path => replace(path, () => writeFileSync(path, '{"something":"else"}')),
  'not even an object': path => replace(path, () => writeFileSync(path, 'null')),
  'a directory': path => replace(path, () => mkdirSync(path)),
  'links in a circle': path => replace(path, () => symlinkSync(path, path)),
  'a link to a disk that is not mounted': path => replace(path, () => symlinkSync('/nowhere/at/all', path)),
}

function replace(path: string, by: () => void): void {
  rmSync(path, { recursive: true })
  by()
}
