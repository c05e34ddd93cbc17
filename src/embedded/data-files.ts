/**
 * Every file of a data directory: its purpose, the effect of its loss, and the way to restore it. Messages about
 * damaged files and the table in docs/operations.md are both generated from this list, and a start creates no other
 * file.
 */

import { basename } from 'node:path'

export interface DataFile {
  /**
   * Relative to the data directory; `*` matches any name. A directory ends with `/`, and covers everything below it.
   */
  path: string
  meaning: string
  /** The effect of its loss, or of damage. */
  loss: string
  restore: string
}

const NOTHING_LOST = 'Nothing that lasts is in it.'
const REMOVE = 'Remove it: the next start makes it anew.'
const REMOVE_WHEN_IDLE =
  'Remove it when no platform, broker or ClickHouse of this directory runs any more: the next start makes it anew.'
const BACKUP = 'Restore it from a backup of the whole data directory.'

export const DATA_FILES: readonly DataFile[] = [
  {
    path: 'keys.json',
    meaning: 'operator key and secret key, made once; not there if both are set in the environment',
    loss: 'The operator key and whatever is sealed depend on it: secrets and headers of webhooks cannot be opened without its secret key.',
    restore: 'Restore it from a backup, or set CLARION_ADMIN_KEY and CLARION_SECRET_KEY to what it held.',
  },
  { path: 'making-keys/', meaning: 'held while the keys are made', loss: NOTHING_LOST, restore: REMOVE },
  {
    path: 'kafka/data/',
    meaning: "the broker's log: all topics",
    loss: 'Everything is in it: organizations, webhooks, events, deliveries under way, idempotency keys.',
    restore: BACKUP,
  },
  {
    path: 'kafka/credentials.json',
    meaning: "password of the platform's user at the broker",
    loss: 'The log in kafka/data can be opened with its password only.',
    restore:
      'Restore it from a backup, or write it again as {"password":"…"} with the password that kafka/server.properties has for the user platform.',
  },
  {
    path: 'kafka/secret-key-ids.json',
    meaning: 'fingerprints of the secret keys that the log depends on',
    loss: 'A start compares the secret key with it before anything starts; the log knows the fingerprints too.',
    restore: REMOVE,
  },
  {
    path: 'kafka/ports.json',
    meaning: 'the loopback ports, kept from start to start',
    loss: 'Clients of the broker have its ports as their address.',
    restore:
      'Restore it from a backup, or remove it: the next start chooses other ports, and clients must be given the new addresses.',
  },
  {
    path: 'kafka/process.json',
    meaning: 'the running broker, and how other processes join it',
    loss: 'A broker that an earlier run left behind is found by it, and ended.',
    restore: REMOVE_WHEN_IDLE,
  },
  {
    path: 'kafka/owner.lock',
    meaning: 'the platform process that holds kafka/',
    loss: NOTHING_LOST,
    restore: REMOVE_WHEN_IDLE,
  },
  {
    path: 'kafka/server.properties',
    meaning: 'settings of the broker, written at every start',
    loss: NOTHING_LOST,
    restore: REMOVE,
  },
  { path: 'kafka/logs/', meaning: 'what the broker says', loss: NOTHING_LOST, restore: REMOVE },
  { path: 'kafka/formatting/', meaning: 'storage that is being formatted', loss: NOTHING_LOST, restore: REMOVE },
  {
    path: 'clickhouse/data/',
    meaning: 'the tables',
    loss: 'History, past usage and the means to retry by hand are in it; no event, delivery under way or quota is.',
    restore: BACKUP,
  },
  {
    path: 'clickhouse/tables.json',
    meaning: 'says that the tables have been made',
    loss: 'Without it a start does not notice that the tables are gone.',
    restore: REMOVE,
  },
  {
    path: 'clickhouse/credentials.json',
    meaning: 'password of the embedded ClickHouse',
    loss: 'Other processes get it from clickhouse/process.json; nothing that lasts depends on it.',
    restore: REMOVE,
  },
  {
    path: 'clickhouse/ports.json',
    meaning: 'its loopback port, kept from start to start',
    loss: 'Clients of your own have it as their address.',
    restore: 'Restore it from a backup, or remove it: the next start chooses another port.',
  },
  {
    path: 'clickhouse/process.json',
    meaning: 'the running ClickHouse, and how other processes join it',
    loss: 'A ClickHouse that an earlier run left behind is found by it, and ended.',
    restore: REMOVE_WHEN_IDLE,
  },
  {
    path: 'clickhouse/owner.lock',
    meaning: 'the platform process that holds clickhouse/',
    loss: NOTHING_LOST,
    restore: REMOVE_WHEN_IDLE,
  },
  {
    path: 'clickhouse/server.json',
    meaning: 'settings of ClickHouse, written at every start',
    loss: NOTHING_LOST,
    restore: REMOVE,
  },
  { path: 'clickhouse/server.log', meaning: 'what ClickHouse says', loss: NOTHING_LOST, restore: REMOVE },
  { path: 'clickhouse/inserts/', meaning: 'rows on their way into the tables', loss: NOTHING_LOST, restore: REMOVE },
  {
    path: 'postgres/data/',
    meaning: 'the tables of organizations, if one was ever made with the embedded PostgreSQL',
    loss: "Organizations' tables are in it, with their rows; no event, delivery or webhook is.",
    restore: BACKUP,
  },
  {
    path: 'postgres/credentials.json',
    meaning: "password of the platform's user at the embedded PostgreSQL",
    loss: 'The tables in postgres/data can be opened with its password only.',
    restore: 'Restore it from a backup of the whole data directory.',
  },
  { path: 'postgres/forming/', meaning: 'a database that is being made', loss: NOTHING_LOST, restore: REMOVE },
  {
    path: 'postgres/ports.json',
    meaning: 'its loopback port, kept from start to start',
    loss: NOTHING_LOST,
    restore: REMOVE,
  },
  {
    path: 'postgres/process.json',
    meaning: 'the running PostgreSQL, and how other processes join it',
    loss: 'A PostgreSQL that an earlier run left behind is found by it, and ended.',
    restore: REMOVE_WHEN_IDLE,
  },
  {
    path: 'postgres/owner.lock',
    meaning: 'the platform process that holds postgres/',
    loss: NOTHING_LOST,
    restore: REMOVE_WHEN_IDLE,
  },
  { path: 'postgres/server.log', meaning: 'what PostgreSQL says', loss: NOTHING_LOST, restore: REMOVE },
  {
    path: 'leases/',
    meaning:
      'names of group members, one slot for each process of a role, so that a process that is back within its session (6 s) keeps its shards',
    loss: 'Without them the shards of a killed process are free when its session ends.',
    restore: REMOVE,
  },
  {
    path: 'listening/',
    meaning: 'where the processes of this directory listen, so that webhooks reach none of them',
    loss: NOTHING_LOST,
    restore: REMOVE,
  },
  {
    path: 'mailbox/',
    meaning: 'mail to owners, as files, as long as `SMTP_URL` is empty',
    loss: 'The mail is gone; no part of the platform reads it.',
    restore: 'Restore it from a backup, or move it away: the next mail makes it anew.',
  },
]

/**
 * The dependents of a file, and the way to restore it. `directory`: the part's, or another one with files of the same
 * names.
 */
export function adviceFor(path: string, directory?: string): string {
  const own = directory === undefined ? path : `${basename(directory)}/${path}`
  const { loss, restore } =
    DATA_FILES.find(each => each.path === own) ?? DATA_FILES.find(each => each.path.endsWith(`/${path}`))!
  return `${loss} ${restore}`
}
